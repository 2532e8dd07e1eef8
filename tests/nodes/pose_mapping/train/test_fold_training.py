import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.pose_mapping.inference import predict
from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.fold_training import (
    GeneralTraining,
    person_folds,
    train_general,
)
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.score import mean_score
from talkgraph.nodes.values import SpeechFeatures


def training(toys, **changes):
    schedule = Schedule(steps=60, batch=8, frames=40, rate=5e-3, warmup=5, average=0.9)
    return GeneralTraining(size=toys.SMALL, schedule=schedule, folds=2, **changes)


def test_folds_split_persons_and_not_clips(toys):
    clips = [*toys.examples(7), toys.example("person3", seed=20)]
    groups = person_folds(clips, 3, seed=0)
    assert sorted(name for group in groups for name in group) == [f"person{i}" for i in range(7)]
    assert person_folds(clips, 3, seed=0) == groups
    with pytest.raises(InputError, match="fewer folds"):
        person_folds(clips, 8, seed=0)


def test_general_training_learns_and_repeats(toys, tmp_path):
    """Persons that the net never saw are predicted; the same seed gives the same file."""
    clips = toys.examples(6)
    made = []
    for name in ("a", "b"):
        model, scores = train_general(
            clips, tmp_path / f"{name}.onnx", feature="mfcc", readout=toys.facts().readout,
            settings=training(toys), card=lambda scores: f"{len(scores)} clips",
        )  # fmt: skip
        made.append(model.file.path.read_bytes())
    assert made[0] == made[1]
    assert mean_score(scores)["opening"] > 0.5
    assert model.facts["card"] == "6 clips"
    heard = toys.features(30)
    expression, pose = predict(model, heard)
    assert expression.shape == (30, 64) and pose.shape == (30, 6)


def test_prediction_streams_from_torch_and_from_onnx_alike(toys, tmp_path):
    from talkgraph.nodes.pose_mapping.train.optimiser import predict_target

    network, model = toys.mapping(tmp_path)
    clip = toys.example("someone", seed=4)
    facts = toys.facts()
    target = target_of(clip, facts)
    by_torch, pose = predict_target(network, target)
    by_onnx, onnx_pose = predict(model, SpeechFeatures(windows=clip.features, fps=25.0))
    np.testing.assert_allclose(by_onnx, by_torch * facts.expression_std, atol=1e-4)
    np.testing.assert_allclose(onnx_pose, pose * facts.pose_std, atol=1e-4)
