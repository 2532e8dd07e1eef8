import numpy as np
import pytest

from talkgraph.nodes.evaluate.picture.regions import (
    box_region,
    eyes_region,
    face_region,
    mouth_region,
)
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS
from tests.nodes.tracks import track_of

SIDE = 128


def disc(radius: float, size: int) -> np.ndarray:
    """Landmarks within a disc in the middle, those of the lips on a flat ellipse below it."""
    turn = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    points = np.zeros((1, 478, 3))
    points[0, :, 0], points[0, :, 1] = radius * np.cos(turn), radius * np.sin(turn)
    lips = np.linspace(0, 2 * np.pi, len(OUTER_LIPS), endpoint=False)
    points[0, list(OUTER_LIPS), 0] = 0.4 * radius * np.cos(lips)
    points[0, list(OUTER_LIPS), 1] = 0.4 * radius + 0.1 * radius * np.sin(lips)
    points[..., :2] += size / 2
    return points


@pytest.mark.parametrize("size", [64, 128, 500])
def test_a_round_face_covers_a_disc_at_any_size_of_the_track(size):
    region = face_region(track_of(disc(0.4 * size, size), size), 0, SIDE)
    assert region.shape == (SIDE, SIDE)
    assert region.sum() == pytest.approx(np.pi * (0.4 * SIDE) ** 2, rel=0.03)
    assert region[SIDE // 2, SIDE // 2] and not region[3, 3]


def test_the_mouth_is_a_box_with_a_margin_inside_the_frame():
    region = mouth_region(track_of(disc(50, SIDE), SIDE), 0, SIDE)
    rows, columns = (np.flatnonzero(region.any(axis)) for axis in (1, 0))
    width = 40  # of the lips
    assert np.ptp(columns) + 1 == pytest.approx(width * 1.6, abs=2)
    assert np.ptp(rows) + 1 == pytest.approx(10 + width * 0.6, abs=2)
    outside = disc(50, SIDE) + np.array([1000.0, 0, 0])
    assert not mouth_region(track_of(outside, SIDE), 0, SIDE).any()


def test_the_face_box_is_upright_and_the_eyes_are_two_boxes():
    points = disc(50, SIDE)
    for middle, rim in zip((-20, 20), EYE_RIMS, strict=True):
        turn = np.linspace(0, 2 * np.pi, len(rim), endpoint=False)
        points[0, list(rim), 0] = SIDE / 2 + middle + 10 * np.cos(turn)
        points[0, list(rim), 1] = SIDE / 2 - 20 + 4 * np.sin(turn)
    track = track_of(points, SIDE)
    box = box_region(track, 0, SIDE)
    assert box.sum() == pytest.approx(100**2, rel=0.05)
    assert box[SIDE // 2 - 45, SIDE // 2 - 45]  # the corner, which the outline leaves out
    eyes = eyes_region(track, 0, SIDE)
    assert eyes.sum() == pytest.approx(2 * (20 * 1.6) * (8 + 12), rel=0.15)
    assert not eyes[SIDE // 2 - 20, SIDE // 2]
