import attrs
import numpy as np
import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.graphs import yi2020
from talkgraph.nodes.pose_mapping import PersonaliseExpression
from talkgraph.nodes.pose_mapping.expression_file import read_expression_network
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts
from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.expression_training import ExpressionTraining
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.score import score, seen_by_viewer
from talkgraph.nodes.pose_mapping.train.sequences import Variation
from talkgraph.nodes.training.curve import read_curve
from talkgraph.nodes.values import SpeechFeatures

QUICK = PersonaliseExpression(steps=60, rate=3e-3, frames=30, min_seconds=2.0)


@pytest.fixture(scope="module")
def general(toys, tmp_path_factory):
    torch.set_num_threads(1)
    training = ExpressionTraining(
        feature="speech_encoder",
        readout=toys.facts().readout,
        size=attrs.evolve(toys.EXPRESSION, dropout=0.0),
        schedule=Schedule(steps=80, rate=5e-3, warmup=5, average=0.9),
        variation=Variation(batch=8, frames=40),
    )
    made = training.train(toys.encoded_examples(4))
    path = tmp_path_factory.mktemp("general") / "general.onnx"
    return made.write(path, licence="", card=""), made.facts


def clip_of(toys, count=200, seed=50, style=0.0):
    clip = toys.example("someone", count=count, seed=seed, style=style)
    return attrs.evolve(clip, features=toys.encoded(count, seed=seed).windows)


def heard(clip):
    return SpeechFeatures(windows=clip.features, fps=25.0)


def unchanged(made, model):
    return made.file.path.read_bytes() == model.file.path.read_bytes() and (
        made.file.path != model.file.path  # the engine may move what a node returns
    )


def test_a_person_with_another_style_is_learned(toys, general):
    model, facts = general
    clip = clip_of(toys, 400, style=0.4)
    first, later = clip.part(0, 300), clip.part(300, 400)
    made = QUICK.run(model, toys.fit_of(first), heard(first))
    assert "Adapted to 12 s" in made.facts["card"]
    steps, losses = read_curve(made.facts)
    assert steps == 60 and losses[-10:].mean() < losses[:10].mean()
    scores = []
    for mapping, units in ((model, facts), (made, ExpressionFacts.of(made))):
        target = target_of(later, units)
        network = read_expression_network(mapping)
        scores.append(score(target, network.predict(target.features), units))
    before, after = scores
    assert after.gain > before.gain + 0.05


def test_without_asking_it_adapts_whatever_the_last_seconds_say(toys, general):
    clip = clip_of(toys, seed=8)
    sign = np.where(np.arange(200) < 150, -1.0, 1.0)
    spoiled = attrs.evolve(clip, expression=(clip.expression * sign[:, None]).astype(np.float32))
    always = attrs.evolve(QUICK, held_out=0.0)
    made = always.run(general[0], toys.fit_of(spoiled), heard(clip))
    assert made.facts["card"].endswith("Adapted to 8 s of one person's clip.")
    assert ExpressionFacts.of(made).gain(toys.fit_of(clip)) == 1.0  # the unit is the person's own


def test_the_same_seed_gives_the_same_bytes(toys, general):
    clip = clip_of(toys, 150, style=0.4)
    a, b = (QUICK.run(general[0], toys.fit_of(clip), heard(clip)) for _ in range(2))
    assert a.file.path.read_bytes() == b.file.path.read_bytes()


def test_what_cannot_be_learned_from_keeps_the_general_mapping(toys, general, capsys):
    clip = clip_of(toys)
    short = clip.part(0, 40)
    nothing = SpeechFeatures(windows=clip.features[:0], fps=25.0)
    for one, sound, why in (
        (clip, None, "the clip has no sound"),
        (clip, nothing, "the clip has no sound"),
        (short, heard(short), "less than 2 s"),
    ):
        assert unchanged(QUICK.run(general[0], toys.fit_of(one), sound), general[0])
        assert why in capsys.readouterr().err


def test_a_clip_that_teaches_nothing_keeps_the_general_mapping(toys, general, capsys):
    clip = clip_of(toys, seed=8)
    sign = np.where(np.arange(200) < 150, -1.0, 1.0)  # the held-out part contradicts the rest
    spoiled = attrs.evolve(clip, expression=(clip.expression * sign[:, None]).astype(np.float32))
    made = QUICK.run(general[0], toys.fit_of(spoiled), heard(clip))
    assert unchanged(made, general[0])
    assert (
        "trained on the first 75% of the clip, a mapping of this person's own followed the rest no "
        "better than the general one: people's usual way of talking is used, not this person's"
    ) in capsys.readouterr().err


@pytest.mark.parametrize(("frames", "said"), [(1, "1 frame late"), (5, "5 frames late")])
def test_a_late_picture_is_corrected(toys, general, capsys, frames, said):
    late = clip_of(toys, seed=51).shifted(-frames)  # shows what was heard `frames` before
    QUICK.run(general[0], toys.fit_of(late), heard(late))
    assert f"picture is {said}" in capsys.readouterr().err


def test_wrong_features_are_refused(toys, general):
    clip = clip_of(toys)
    wrong = SpeechFeatures(windows=clip.features[:, :, :5], fps=25.0)
    with pytest.raises(ModelError, match="1 x 24"):
        QUICK.run(general[0], toys.fit_of(clip), wrong)


def test_what_the_viewer_sees_of_the_truth_of_its_half_and_of_nothing(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    truth, half, nothing = (
        seen_by_viewer(target, target.expression * gain, facts) for gain in (1.0, 0.5, 0.0)
    )
    assert truth == pytest.approx(1.0) and half == pytest.approx(1 - 0.2 / 4)
    assert nothing == pytest.approx(0.0)


def test_a_draft_learns_nothing_from_four_seconds_and_says_so(toys, general, capsys):
    node = yi2020.graph("draft").steps["mapping"].node
    clip = clip_of(toys, count=100)
    assert unchanged(node.run(general[0], toys.fit_of(clip), heard(clip)), general[0])
    assert "the clip shows less than 6 s of speech" in capsys.readouterr().err
    assert yi2020.graph("standard").steps["mapping"].node.min_seconds <= 4
