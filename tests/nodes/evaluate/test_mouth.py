import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.evaluate import mouth
from talkgraph.nodes.values import FaceTrack


def track(landmarks: np.ndarray, size: int = 256) -> FaceTrack:
    count = len(landmarks)
    return FaceTrack(
        landmarks=landmarks.astype(np.float32),
        confidence=np.ones(count, np.float32),
        measured=np.ones(count, bool),
        size=size,
    )


def face(opening: float) -> np.ndarray:
    """A face whose inner lips are `opening` px apart and whose eyes' corners 100 px."""
    points = np.random.default_rng(0).uniform(50, 200, (478, 3))
    for upper, lower in zip(mouth.UPPER_INNER_LIP, mouth.LOWER_INNER_LIP, strict=True):
        points[lower, :2] = points[upper, :2] + [0, opening]
    left, right = mouth.OUTER_EYE_CORNERS
    points[right, :2] = points[left, :2] + [100, 0]
    return points


def test_there_are_twenty_distinct_mouth_points():
    assert len(set(mouth.MOUTH)) == 20


def test_lmd_of_a_stretched_mouth_is_closed_form():
    real = np.zeros((1, 4, 2))
    real[0] = [[-1, 0], [1, 0], [0, -1], [0, 1]]
    wide = real * [3, 1]  # two of four points move by 2 px
    assert mouth.landmark_distance(wide, real) == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(st.floats(-80, 80), st.floats(-80, 80))
def test_lmd_ignores_where_the_mouth_is(dx: float, dy: float):
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 10, (2, 5, 20, 2))
    assert mouth.landmark_distance(a + np.array([dx, dy]), b) == pytest.approx(
        mouth.landmark_distance(a, b)
    )


def test_lmd_is_stated_for_256_px_frames():
    points = np.stack([face(5), face(9)])
    small, large = track(points), track(points * 2, size=512)
    assert np.allclose(mouth.mouth_points(small), mouth.mouth_points(large))


def test_opening_is_the_gap_over_the_eyes_distance():
    points = np.stack([face(0), face(10), face(25)])
    assert mouth.mouth_opening(track(points)) == pytest.approx([0, 0.1, 0.25], abs=1e-6)
    # Neither size nor roll matters.
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    turned = points.copy()
    turned[..., :2] = 1.7 * points[..., :2] @ turn.T
    assert mouth.mouth_opening(track(turned)) == pytest.approx([0, 0.1, 0.25], abs=1e-6)


def test_correlation_agrees_with_numpy_and_survives_constants():
    a, b = np.random.default_rng(2).normal(size=(2, 50))
    assert mouth.correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert mouth.correlation(a, np.ones(50)) == 0


@settings(max_examples=21, deadline=None)
@given(st.integers(-7, 7))
def test_best_lag_finds_a_known_delay_with_its_sign(lag: int):
    signal = np.random.default_rng(3).normal(size=120)
    real = signal[20:100]
    predicted = signal[20 - lag : 100 - lag]  # predicted[t + lag] = real[t]: late for lag > 0
    found, height = mouth.best_lag(predicted, real, 10)
    assert (found, height) == (lag, pytest.approx(1))


def test_bad_series_are_refused():
    with pytest.raises(ValueError, match="one length"):
        mouth.best_lag(np.zeros(8), np.zeros(9), 2)
    with pytest.raises(ValueError, match="one length"):
        mouth.best_lag(np.zeros(8), np.zeros(8), 6)
    with pytest.raises(ValueError, match="arrays are needed"):
        mouth.landmark_distance(np.zeros((2, 20, 2)), np.zeros((2, 19, 2)))
