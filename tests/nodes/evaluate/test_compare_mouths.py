import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import CompareMouths
from talkgraph.nodes.values import FaceTrack
from tests.nodes.tracks import track_of


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
    assert (same["lmd_points"], same["lmd_frames"]) == (20, 55)
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
