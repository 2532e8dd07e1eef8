import attrs
import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.pose_mapping import expression_inference, inference
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.expression_training import ExpressionTraining
from talkgraph.nodes.pose_mapping.train.folds import cross_validate, person_groups
from talkgraph.nodes.pose_mapping.train.general_training import train_general
from talkgraph.nodes.pose_mapping.train.motion_training import MotionTraining, predict_motion
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.score import mean_score
from talkgraph.nodes.pose_mapping.train.sequences import Variation
from talkgraph.nodes.values import SpeechFeatures

QUICK = {
    "schedule": Schedule(steps=60, rate=5e-3, warmup=5, average=0.9),
    "variation": Variation(batch=8, frames=40),
}


def motion(toys, **changes):
    return MotionTraining(
        feature="mfcc", readout=toys.facts().readout, size=toys.SMALL, **QUICK, **changes
    )


def expression(toys, **changes):
    size = ExpressionSize(rows=28, bins=12, width=16, dropout=0.0)
    return ExpressionTraining(
        feature="mfcc", readout=toys.facts().readout, size=size, **QUICK, **changes
    )


KINDS = pytest.mark.parametrize("kind", [motion, expression])


def test_folds_split_persons_and_not_clips(toys):
    clips = [*toys.examples(7), toys.example("person3", seed=20)]
    groups = person_groups(clips, 3, seed=0)
    assert sorted(name for group in groups for name in group) == [f"person{i}" for i in range(7)]
    assert person_groups(clips, 3, seed=0) == groups
    with pytest.raises(InputError, match="fewer folds"):
        person_groups(clips, 8, seed=0)


@KINDS
def test_general_training_learns_and_repeats(toys, tmp_path, kind):
    """Persons that the net never saw are predicted; the same seed gives the same file."""
    clips = toys.examples(6)
    made = []
    for name in ("a", "b"):
        model, figures = train_general(
            clips, tmp_path / f"{name}.onnx", kind(toys), lags=[0] * 6, folds=2, shares=(0.5,),
            card=lambda figures: f"{len(figures.scores)} clips",
        )  # fmt: skip
        made.append(model.file.path.read_bytes())
    assert made[0] == made[1]
    assert mean_score(figures.scores)["opening"] > 0.5
    assert figures.curve[1.0] == mean_score(figures.scores) and 0.5 in figures.curve
    assert figures.parameters > 1000
    assert model.facts["card"] == "6 clips"
    predict = {motion: inference.predict, expression: expression_inference.predict}[kind]
    made = predict(model, toys.features(30))
    assert (made[0] if kind is motion else made).shape == (30, 64)


class Recorder:
    """A training that only says on whom."""

    def __init__(self, toys):
        self.learned, self.toys = [], toys

    def train(self, examples, report=None):
        self.learned.append([(x.name, len(x)) for x in examples])
        return self

    @property
    def facts(self):
        return self.toys.facts()

    def predict(self, target):
        return target.expression


def test_a_clip_is_scored_by_what_never_saw_its_person_and_trained_on_in_time(toys):
    clips = toys.examples(4)
    clips[3] = attrs.evolve(clips[3], reliable=False)
    groups = [{"person0", "person1"}, {"person2", "person3"}]
    recorder = Recorder(toys)
    scores = cross_validate(clips, recorder.train, lags=[3, 0, -2, 0], groups=groups)
    assert recorder.learned == [[("person2", 148)], [("person0", 147), ("person1", 150)]]
    assert [(entry.name, entry.frames) for entry in scores] == [
        (f"person{k}", 150) for k in range(4)
    ]


def test_prediction_streams_from_torch_and_from_onnx_alike(toys, tmp_path):
    network, model = toys.mapping(tmp_path)
    clip = toys.example("someone", seed=4)
    facts = toys.facts()
    target = target_of(clip, facts)
    by_torch, pose = predict_motion(network, target)
    by_onnx, onnx_pose = inference.predict(model, SpeechFeatures(windows=clip.features, fps=25.0))
    np.testing.assert_allclose(by_onnx, by_torch * facts.expression_std, atol=1e-4)
    np.testing.assert_allclose(onnx_pose, pose * facts.pose_std, atol=1e-4)
