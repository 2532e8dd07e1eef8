import numpy as np
import pytest

from talkgraph.nodes.evaluate import MeasureBlinks
from talkgraph.nodes.evaluate.blinks import EYE_CORNERS
from talkgraph.nodes.face_model.lids import LID_PAIRS
from talkgraph.nodes.values import FaceTrack
from tests.nodes.evaluate.test_blinks import gap_with
from tests.nodes.tracks import track_of


def track_with(
    blinks: list[int], measured: np.ndarray | None = None, scale: float = 1
) -> FaceTrack:
    """Twenty seconds of eyes, 40 px wide at scale 1."""
    gap = gap_with(blinks)
    points = np.zeros((len(gap), 478, 3))
    for lower, upper in LID_PAIRS:
        points[:, lower, 1], points[:, upper, 1] = 100 * scale, (100 - 40 * gap) * scale
    for left, right in EYE_CORNERS:
        points[:, right, 0] = points[:, left, 0] + 40 * scale
    return track_of(points, 256, measured)


@pytest.mark.parametrize("scale", [0.25, 1, 3])
def test_blinks_are_counted_whatever_the_size_of_the_face(scale):
    found = MeasureBlinks().run(track_with([50, 300], scale=scale)).values
    assert found == {"blinks": 2, "blinks_per_minute": pytest.approx(6)}


def test_eyes_that_stay_open_give_none():
    assert set(MeasureBlinks().run(track_with([])).values.values()) == {0}


def test_a_gap_of_the_track_counts_neither_as_time_nor_as_a_blink():
    measured = np.ones(500, bool)
    measured[250:] = False
    found = MeasureBlinks().run(track_with([50, 300], measured)).values
    assert found == {"blinks": 1, "blinks_per_minute": pytest.approx(6)}
    never = MeasureBlinks().run(track_with([50, 300], ~np.ones(500, bool))).values
    assert never == {"blinks": 0, "blinks_per_minute": 0}
