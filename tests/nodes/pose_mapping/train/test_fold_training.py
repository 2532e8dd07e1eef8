import attrs
import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.pose_mapping.facts import speech_scale
from talkgraph.nodes.pose_mapping.inference import predict
from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.fold_training import (
    GeneralTraining,
    person_folds,
    train_general,
)
from talkgraph.nodes.pose_mapping.train.lag import estimate_lags
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.score import closures, mean_score, score, table
from talkgraph.nodes.values import SpeechFeatures


def training(toys, **changes):
    schedule = Schedule(steps=60, batch=8, frames=40, rate=5e-3, warmup=5, average=0.9)
    return GeneralTraining(size=toys.SMALL, schedule=schedule, folds=2, **changes)


def test_targets_are_relative_to_the_clip_and_scaled(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    np.testing.assert_allclose(target.expression.mean(0), 0.0, atol=1e-4)
    np.testing.assert_allclose(target.pose.mean(0), 0.0, atol=1e-4)
    assert 0.5 < target.expression.std() < 2.0
    assert 0.05 < target.closed.mean() < 0.12


def test_unmeasured_frames_move_no_mean(toys):
    clip = toys.example("someone", seed=9)
    measured = clip.measured.copy()
    measured[:30] = False
    expression = clip.expression.copy()
    expression[:30] = 100.0
    spoiled = attrs.evolve(clip, expression=expression, measured=measured)
    facts = toys.facts()
    clean = target_of(clip.part(30, 150), facts)
    np.testing.assert_allclose(target_of(spoiled, facts).offset, clean.offset, atol=1e-4)


def test_features_are_normalised_per_speech_and_short_ones_less(toys):
    facts = toys.facts()
    long, short = toys.features(2000).windows * 3 + 5, toys.features(3).windows * 3 + 5
    made = speech_scale(long, facts).apply(long)[:, 14]
    np.testing.assert_allclose(made.mean(0), 0.0, atol=0.2)
    np.testing.assert_allclose(made.std(0), 1.0, atol=0.1)
    scale = speech_scale(short, facts)
    assert (np.abs(scale.mean - facts.feature_mean) < 1.0).all()


@pytest.mark.parametrize("lag", range(-4, 5))
def test_shifting_pairs_sound_with_later_picture(toys, lag):
    clip = toys.example("someone", count=50)
    made = clip.shifted(lag)
    sound, picture = max(-lag, 0), max(lag, 0)
    assert len(made) == 50 - abs(lag)
    np.testing.assert_array_equal(made.features[3], clip.features[3 + sound])
    np.testing.assert_array_equal(made.expression[3], clip.expression[3 + picture])
    assert 3 + picture == 3 + sound + lag


def test_lags_are_found(toys):
    clips = toys.examples(6)
    clips[1], clips[4] = clips[1].shifted(-2), clips[4].shifted(3)
    assert estimate_lags(clips, toys.facts()) == [0, 2, 0, 0, -3, 0]


def test_no_lag_is_believed_without_evidence(toys):
    clips = toys.examples(5)
    noise = np.random.default_rng(0).standard_normal(clips[2].expression.shape)
    clips[2] = attrs.evolve(clips[2], expression=noise.astype(np.float32))
    assert estimate_lags(clips, toys.facts()) == [0] * 5


def test_folds_split_persons_and_not_clips(toys):
    clips = [*toys.examples(7), toys.example("person3", seed=20)]
    groups = person_folds(clips, 3, seed=0)
    assert sorted(name for group in groups for name in group) == [f"person{i}" for i in range(7)]
    assert person_folds(clips, 3, seed=0) == groups
    with pytest.raises(InputError, match="fewer folds"):
        person_folds(clips, 8, seed=0)


def test_scores_of_the_truth_the_mean_and_the_opposite(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    truth = score(target, target.expression, target.pose, facts)
    assert truth.opening == pytest.approx(1.0) and truth.gain == pytest.approx(1.0)
    assert truth.hits == 1.0 and truth.false == 0.0 and truth.spread == pytest.approx(1.0)
    mean = score(target, target.expression * 0, target.pose * 0, facts)
    assert mean.opening == 0.0 and mean.gain == pytest.approx(0.0, abs=1e-6)
    opposite = score(target, -target.expression, target.pose, facts)
    assert opposite.opening == pytest.approx(-1.0) and opposite.gain < -2.5
    assert mean_score([truth, truth])["opening"] == pytest.approx(1.0)
    assert "someone" in table([truth, mean])


def test_closures_allow_one_frame():
    truth = np.tile([1.0, 0.9, 0.8, 0.0, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0], 10)
    closed = truth == 0.0
    assert closures(truth, truth, closed)[0] == 1.0
    assert closures(np.roll(truth, 1), truth, closed)[0] == 1.0
    assert closures(np.roll(truth, 5), truth, closed)[0] == 0.0


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
