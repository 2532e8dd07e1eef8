import attrs
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.nodes.pose_mapping import MapMotion
from talkgraph.nodes.pose_mapping.head_pose import (
    BANDS_HZ,
    PoseHabit,
    lowpass,
    personal_pose,
    pose_bands,
    soft_limit,
)
from talkgraph.nodes.pose_mapping.mouth import amplify_mouth, keep_lips_apart, rest_of_photo


def habit(**changes) -> PoseHabit:
    ones = np.ones(6, np.float32)
    values = {
        "mean": ones * 0.3,
        "band_std": np.float32([[0.08], [0.05], [0.03]]) * ones,
        "low": ones * 0.0,
        "high": ones * 0.6,
    }
    return PoseHabit(**(values | changes))


def shaped(predicted, made=None, **changes):
    return personal_pose(
        predicted,
        made or habit(),
        fps=25.0,
        **({"max_gain": 50.0, "knee": 0.3} | changes),
    )


def slow(count=500, seed=0):
    return lowpass(np.random.default_rng(seed).standard_normal((count, 6)), 0.5, 25.0) * 0.05


def test_a_timid_prediction_of_the_persons_own_movement_becomes_that_movement():
    pose = lowpass(np.random.default_rng(0).standard_normal((500, 6)), 1.0, 25.0) + 0.3
    wide = np.float32([99.0] * 6)
    own = habit(mean=pose.mean(0), band_std=pose_bands(pose, 25.0).std(1), low=-wide, high=wide)
    made = shaped(pose * 0.03 + 7.0, own)
    np.testing.assert_allclose(made, lowpass(pose, BANDS_HZ[-1], 25.0), atol=2e-4)


def test_bands_sum_to_the_lowpass():
    pose = np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32)
    summed = pose_bands(pose, 25.0).sum(0) + pose.mean(0)
    np.testing.assert_allclose(summed, lowpass(pose, BANDS_HZ[-1], 25.0), atol=1e-5)


def test_gain_is_limited():
    predicted = slow()
    made = shaped(predicted * 0.01, max_gain=2.0)
    assert made.std(0).max() < 2.1 * predicted.std(0).max() * 0.01


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.float32, (40, 6), elements=st.floats(-5, 5, width=32)))
def test_pose_stays_in_range_and_is_finite(predicted):
    made = shaped(predicted)
    assert np.isfinite(made).all()
    assert (made >= -1e-4).all() and (made <= 0.6001).all()


def test_soft_limit_keeps_the_middle_and_the_order():
    x = np.linspace(-4, 4, 401, dtype=np.float32)[:, None]
    y = soft_limit(x, np.float32([-1.0]), np.float32([1.0]), 0.3)
    inside = np.abs(x) <= 0.7
    np.testing.assert_allclose(y[inside], x[inside], atol=1e-6)
    assert (np.diff(y[:, 0]) >= 0).all()
    assert np.abs(np.diff(y[:, 0], 2)).max() < 0.01  # no kink


def test_lowpass_has_no_lag_and_the_stated_cutoff():
    time = np.arange(1000) / 25.0
    tone = np.sin(2 * np.pi * 2.0 * time)[:, None]
    made = lowpass(tone, 2.0, 25.0)
    middle = slice(100, 900)
    assert made[middle].std() / tone[middle].std() == pytest.approx(np.sqrt(0.5), abs=0.01)
    lags = [float((made[100 + k : 900 + k] * tone[middle]).sum()) for k in range(-3, 4)]
    assert int(np.argmax(lags)) == 3


def test_mouth_is_amplified_and_the_rest_is_not(toys):
    readout = toys.facts().readout
    random = np.random.default_rng(0)
    expression = (random.standard_normal((200, 64)) * 0.2).astype(np.float32)
    std = readout.of(expression).std(0)
    made = amplify_mouth(expression, readout, std * 1.5, strength=1.0, max_gain=3.0)
    np.testing.assert_allclose(readout.of(made).std(0), std * 1.5, rtol=1e-3)
    change = made - expression
    aside = np.linalg.svd(readout.rows)[2][3:]  # expressions that the mouth measures do not see
    np.testing.assert_allclose(change @ aside.T, 0.0, atol=1e-5)
    limited = amplify_mouth(expression, readout, std * 9.0, strength=1.0, max_gain=2.0)
    np.testing.assert_allclose(readout.of(limited).std(0), std * 2.0, rtol=1e-3)
    smaller = amplify_mouth(expression, readout, std * 0.5, strength=1.0, max_gain=2.0)
    np.testing.assert_allclose(smaller, expression, atol=1e-6)  # never muted


def test_lips_touch_and_do_not_cross(toys):
    readout = toys.facts().readout
    expression = np.zeros((100, 64), np.float32)
    expression[:, 1] = np.linspace(-3, 3, 100)
    closed = float(readout.of(expression)[30, 0])
    softness = 0.01
    made = readout.of(keep_lips_apart(expression, readout, closed, softness))[:, 0]
    given_opening = readout.of(expression)[:, 0]
    assert made.min() >= closed - 1e-5
    clear = given_opening > closed + 5 * softness
    np.testing.assert_allclose(made[clear], given_opening[clear], atol=softness * 0.01)


def test_a_photo_speaks_around_the_general_mouth_with_its_own_face(toys):
    facts = toys.facts()
    photo = np.random.default_rng(5).standard_normal(64).astype(np.float32)
    rest = rest_of_photo(photo, facts)
    mouth = facts.readout.only("opening", "jaw")
    np.testing.assert_allclose(mouth.of(rest), mouth.of(facts.expression_rest), atol=1e-4)
    aside = np.linalg.svd(mouth.rows)[2][2:]
    np.testing.assert_allclose((rest - photo) @ aside.T, 0.0, atol=1e-4)


def test_motion_of_a_clip(toys, tmp_path):
    _, mapping = toys.mapping(tmp_path)
    clip = toys.example("someone", count=200, seed=3)
    person = toys.fit_of(clip)
    made = MapMotion().run(toys.features(90, seed=7), mapping, person)
    assert made.expression.shape == (90, 64) and made.rotation.shape == (90, 3)
    assert made.translation.shape == (90, 3) and made.fps == 25.0
    assert made.expression.dtype == made.rotation.dtype == np.float32
    low, high = np.percentile(clip.pose, [1, 99], axis=0)
    pose = np.concatenate([made.rotation, made.translation], 1)
    assert (pose >= low - 1e-5).all() and (pose <= high + 1e-5).all()
    distance = np.abs(made.expression.mean(0) - clip.expression.mean(0))
    assert np.median(distance) < 0.3


def test_motion_of_a_photo_moves_around_its_pose(toys, tmp_path):
    _, mapping = toys.mapping(tmp_path)
    photo = toys.fit_of(toys.example("someone", count=200, seed=3).part(17, 18))
    made = MapMotion().run(toys.features(250, seed=7), mapping, photo)
    facts = toys.facts()
    reach = 2.0 * facts.pose_std[:3]
    assert (np.abs(made.rotation - photo.motion.rotation) <= reach + 1e-5).all()
    assert (made.rotation.std(0) > 0).all()


def test_without_a_person_the_mean_face_moves(toys, tmp_path):
    _, mapping = toys.mapping(tmp_path)
    made = MapMotion().run(toys.features(30), mapping)
    assert np.isfinite(made.expression).all()
    np.testing.assert_allclose(made.rotation.mean(0), 0.0, atol=0.05)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_the_result_does_not_depend_on_the_chunks(toys, tmp_path, chunk):
    _, mapping = toys.mapping(tmp_path)
    person = toys.fit_of(toys.example("someone", count=100, seed=3))
    heard = toys.features(130, seed=2)
    whole = MapMotion(chunk=1000).run(heard, mapping, person)
    pieces = MapMotion(chunk=chunk).run(heard, mapping, person)
    np.testing.assert_allclose(pieces.expression, whole.expression, atol=1e-4)
    np.testing.assert_allclose(pieces.rotation, whole.rotation, atol=1e-5)


def test_a_clip_with_still_lips_is_not_muted(toys, tmp_path, capsys):
    _, mapping = toys.mapping(tmp_path)
    clip = toys.example("someone", count=100, seed=3)
    still = attrs.evolve(clip, expression=np.repeat(clip.expression[:1], 100, 0))
    made = MapMotion().run(toys.features(100), mapping, toys.fit_of(still))
    assert "hardly moves the lips" in capsys.readouterr().err
    assert toys.facts().readout.of(made.expression)[:, 0].std() > 0


@pytest.mark.parametrize("count", [1, 2])
def test_one_frame_of_speech(toys, tmp_path, count):
    _, mapping = toys.mapping(tmp_path)
    made = MapMotion().run(toys.features(count), mapping)
    assert made.expression.shape == (count, 64) and np.isfinite(made.expression).all()
