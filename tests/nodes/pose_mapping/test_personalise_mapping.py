import attrs
import numpy as np
import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.nodes.pose_mapping import PersonaliseMapping
from talkgraph.nodes.pose_mapping.onnx_file import read_network
from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.motion_training import MotionTraining, predict_motion
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.score import score
from talkgraph.nodes.pose_mapping.train.sequences import Variation
from talkgraph.nodes.training.curve import read_curve
from talkgraph.nodes.values import SpeechFeatures


@pytest.fixture(scope="module")
def general(toys, tmp_path_factory):
    torch.set_num_threads(1)
    training = MotionTraining(
        feature="mfcc",
        readout=toys.facts().readout,
        size=toys.SMALL,
        schedule=Schedule(steps=80, rate=5e-3, warmup=5, average=0.9),
        variation=Variation(batch=8, frames=40),
    )
    made = training.train(toys.examples(4))
    path = tmp_path_factory.mktemp("general") / "general.onnx"
    return made.write(path, licence="", card=""), made.facts


QUICK = PersonaliseMapping(steps=60, rate=3e-3, frames=30, min_seconds=2.0)


def heard(clip):
    return SpeechFeatures(windows=clip.features, fps=25.0)


def test_a_person_with_another_style_is_learned(toys, general):
    model, facts = general
    clip = toys.example("someone", count=400, seed=50, style=0.4)
    train, later = clip.part(0, 300), clip.part(300, 400)
    made = QUICK.run(model, toys.fit_of(train), heard(train))
    assert "Fine-tuned on 12 s" in made.facts["card"]
    steps, losses = read_curve(made.facts)
    assert steps == 60 and losses[-10:].mean() < losses[:10].mean()
    target = target_of(later, facts)
    before, after = (
        score(target, predict_motion(read_network(m), target)[0], facts) for m in (model, made)
    )
    assert after.gain > before.gain + 0.05


def test_the_same_seed_gives_the_same_bytes(toys, general):
    clip = toys.example("someone", count=150, seed=50, style=0.4)
    a, b = (QUICK.run(general[0], toys.fit_of(clip), heard(clip)) for _ in range(2))
    assert a.file.path.read_bytes() == b.file.path.read_bytes()


def unchanged(made, model):
    return made.file.path.read_bytes() == model.file.path.read_bytes() and (
        made.file.path != model.file.path  # the engine may move what a node returns
    )


def test_a_clip_without_sound_keeps_the_general_mapping(toys, general, capsys):
    clip = toys.example("someone")
    silent = SpeechFeatures(windows=clip.features[:0], fps=25.0)
    for features in (None, silent):
        made = QUICK.run(general[0], toys.fit_of(clip), features)
        assert unchanged(made, general[0])
        assert "the clip has no sound" in capsys.readouterr().err


def test_a_short_clip_keeps_the_general_mapping(toys, general, capsys):
    clip = toys.example("someone").part(0, 40)
    assert unchanged(QUICK.run(general[0], toys.fit_of(clip), heard(clip)), general[0])
    assert "less than 2 s" in capsys.readouterr().err


def test_a_clip_that_teaches_nothing_keeps_the_general_mapping(toys, general, capsys):
    clip = toys.example("someone", count=200, seed=8)
    sign = np.where(np.arange(200) < 160, -1.0, 1.0)  # the held-out part contradicts the rest
    spoiled = attrs.evolve(clip, expression=(clip.expression * sign[:, None]).astype(np.float32))
    made = attrs.evolve(QUICK, steps=40).run(general[0], toys.fit_of(spoiled), heard(clip))
    assert unchanged(made, general[0])
    assert (
        "trained on the first 80% of the clip, a mapping of this person's own followed the rest no "
        "better than the general one: people's usual way of talking is used, not this person's"
    ) in capsys.readouterr().err


@pytest.mark.parametrize(("frames", "said"), [(1, "1 frame late"), (2, "2 frames late")])
def test_a_late_picture_is_corrected(toys, general, capsys, frames, said):
    clip = toys.example("someone", count=200, seed=51)
    late = clip.shifted(-frames)  # frame k of the picture now shows what was heard at k - frames
    QUICK.run(general[0], toys.fit_of(late), heard(late))
    assert f"picture is {said}" in capsys.readouterr().err


def test_wrong_features_are_refused(toys, general):
    clip = toys.example("someone")
    wrong = SpeechFeatures(windows=clip.features[:, :, :5], fps=25.0)
    with pytest.raises(ModelError, match="28 x 12"):
        QUICK.run(general[0], toys.fit_of(clip), wrong)
