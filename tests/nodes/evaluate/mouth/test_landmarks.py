import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.evaluate.mouth.landmarks import (
    LOWER_INNER_LIP,
    MOUTH,
    OUTER_EYE_CORNERS,
    UPPER_INNER_LIP,
    landmark_distance,
    mouth_opening,
    mouth_points,
)
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
