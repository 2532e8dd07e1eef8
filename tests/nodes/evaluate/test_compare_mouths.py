import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.compare_mouths import (
    LOWER_INNER_LIP,
    MOUTH,
    OUTER_EYE_CORNERS,
    UPPER_INNER_LIP,
    CompareMouths,
    landmark_distance,
    mouth_opening,
    mouth_points,
)
from talkgraph.nodes.values import FaceTrack
from tests.nodes.tracks import track_of


def face(opening: float) -> np.ndarray:
    """A face whose inner lips are `opening` px apart and whose eyes' corners 100 px."""
    points = np.random.default_rng(0).uniform(50, 200, (478, 3))
    for upper, lower in zip(UPPER_INNER_LIP, LOWER_INNER_LIP, strict=True):
        points[lower, :2] = points[upper, :2] + [0, opening]
    left, right = OUTER_EYE_CORNERS
    points[right, :2] = points[left, :2] + [100, 0]
    return points


def test_there_are_twenty_distinct_mouth_points():
    assert len(set(MOUTH)) == 20


def test_lmd_of_a_stretched_mouth_is_closed_form():
    real = np.zeros((1, 4, 2))
    real[0] = [[-1, 0], [1, 0], [0, -1], [0, 1]]
    wide = real * [3, 1]  # two of four points move by 2 px
    assert landmark_distance(wide, real) == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(st.floats(-80, 80), st.floats(-80, 80))
def test_lmd_ignores_where_the_mouth_is(dx: float, dy: float):
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 10, (2, 5, 20, 2))
    assert landmark_distance(a + np.array([dx, dy]), b) == pytest.approx(landmark_distance(a, b))


def test_lmd_is_stated_for_256_px_frames():
    points = np.stack([face(5), face(9)])
    small, large = track_of(points, 256), track_of(points * 2, 512)
    assert np.allclose(mouth_points(small), mouth_points(large))


def test_points_that_do_not_pair_up_are_refused():
    with pytest.raises(ValueError, match="arrays are needed"):
        landmark_distance(np.zeros((2, 20, 2)), np.zeros((2, 19, 2)))


def test_opening_is_the_gap_over_the_eyes_distance():
    points = np.stack([face(0), face(10), face(25)])
    assert mouth_opening(track_of(points, 256)) == pytest.approx([0, 0.1, 0.25], abs=1e-6)
    # Neither size nor roll matters.
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    turned = points.copy()
    turned[..., :2] = 1.7 * points[..., :2] @ turn.T
    assert mouth_opening(track_of(turned, 256)) == pytest.approx([0, 0.1, 0.25], abs=1e-6)


def moving_track(opening: np.ndarray, measured: np.ndarray | None = None) -> FaceTrack:
    landmarks = np.tile(np.random.default_rng(0).uniform(40, 200, (478, 3)), (len(opening), 1, 1))
    for upper, lower in ((82, 87), (13, 14), (312, 317)):
        landmarks[:, lower, :2] = landmarks[:, upper, :2]
        landmarks[:, lower, 1] += opening
    return track_of(landmarks, 256, measured)


def test_mouth_scores_find_the_delay():
    opening = np.random.default_rng(3).uniform(0, 20, 60)
    real, late = moving_track(opening[5:]), moving_track(opening[2:-3])
    found = CompareMouths().run(late, real).values
    assert found["opening_lag"] == 3
    assert found["opening_correlation_at_lag"] == pytest.approx(1)
    assert found["opening_correlation"] < 0.5
    same = CompareMouths().run(real, real).values
    assert same["lmd"] == 0
    assert same["opening_ratio"] == pytest.approx(1)


def test_frames_without_a_face_do_not_count_towards_lmd():
    opening = np.zeros(20)
    wrong = opening.copy()
    wrong[7] = 90
    measured = np.ones(20, bool)
    measured[7] = False
    assert CompareMouths().run(moving_track(wrong, measured), moving_track(opening)).values[
        "lmd"
    ] == pytest.approx(0)
    with pytest.raises(InputError, match="no frame has a face"):
        CompareMouths().run(moving_track(wrong, measured & False), moving_track(opening))
