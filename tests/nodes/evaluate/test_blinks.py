import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.evaluate.blinks import EYE_CORNERS, blink_frames, blink_rate, lid_gap
from talkgraph.nodes.face_model.lids import LID_PAIRS
from tests.nodes.tracks import track_of

FPS = 25.0


def gap_with(blinks: list[int], count: int = 500) -> np.ndarray:
    """Eyes that drift slowly and close for five frames at each of `blinks`."""
    gap = 0.3 + 0.03 * np.sin(np.arange(count) / 60)
    for at in blinks:
        gap[at - 2 : at + 3] *= [0.7, 0.3, 0.05, 0.3, 0.7]
    return gap


def test_blinks_are_counted_per_minute_of_measured_frames():
    gap = gap_with([50, 130, 300, 420])
    assert blink_frames(gap, FPS) == [50, 130, 300, 420]
    assert blink_rate(gap, FPS) == pytest.approx(4 / (500 / 25 / 60))
    seen = np.ones(500, bool)
    seen[250:] = False
    assert blink_rate(gap, FPS, seen) == pytest.approx(2 / (250 / 25 / 60))
    assert blink_rate(gap, FPS, ~np.ones(500, bool)) == 0


def test_a_glance_down_and_closed_eyes_are_no_blinks():
    gap = gap_with([])
    gap[100:130] *= 0.8
    gap[200:260] *= 0.1  # 2.4 s
    assert blink_frames(gap, FPS) == []


def test_a_flutter_is_one_blink():
    gap = gap_with([100])
    gap[101] = 0.3
    assert len(blink_frames(gap, FPS)) == 1


@given(st.floats(0.01, 100))
def test_the_unit_of_the_gap_does_not_matter(unit):
    gap = gap_with([40, 90])
    assert blink_frames(unit * gap, FPS) == [40, 90]


def test_lid_gap_is_the_ratio_of_gap_and_width_whatever_size_and_roll():
    points = np.zeros((3, 478, 3))
    for (lower, upper), x in zip(LID_PAIRS, np.linspace(0, 90, len(LID_PAIRS)), strict=True):
        points[:, lower, :2] = [x, 10]
        points[:, upper, :2] = [x, 10]
        points[:, upper, 1] -= [0, 5, 10]
    for (left, right), y in zip(EYE_CORNERS, (200, 210), strict=True):
        points[:, left, :2], points[:, right, :2] = [0, y], [50, y]
    assert lid_gap(track_of(points, 256)) == pytest.approx([0, 0.1, 0.2])
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    points[..., :2] = 3 * points[..., :2] @ turn.T
    assert lid_gap(track_of(points, 256)) == pytest.approx([0, 0.1, 0.2], abs=1e-6)
