import numpy as np
import pytest

from talkgraph.nodes.face_fit.tracking.landmarks import LIPS
from talkgraph.nodes.face_fit.tracking.smooth_landmarks import smooth_landmarks

CUTOFFS = {"pose_cutoff": 7.0, "shape_cutoff": 6.0, "quick_cutoff": 9.0}
COUNT = 60


@pytest.fixture
def still():
    shape = np.random.default_rng(1).normal(size=(478, 3)) * (40, 50, 20) + [128, 128, 0]
    return np.repeat(shape[None], COUNT, 0).astype(np.float32)


def smooth(landmarks, measured=None, **cutoffs):
    measured = np.ones(len(landmarks), bool) if measured is None else measured
    return smooth_landmarks(landmarks, measured, 25.0, **(CUTOFFS | cutoffs))


def test_a_still_and_a_steadily_moving_face_stay(still):
    moving = still + np.arange(COUNT, dtype=np.float32)[:, None, None] * [0.7, -0.3, 0.0]
    np.testing.assert_allclose(smooth(still), still, atol=1e-3)
    np.testing.assert_allclose(smooth(moving.astype(np.float32)), moving, atol=1e-3)


def test_no_lag(still):
    """Reversing time before or after smoothing is the same."""
    noisy = still + np.random.default_rng(2).normal(size=still.shape).astype(np.float32)
    np.testing.assert_allclose(smooth(noisy[::-1])[::-1], smooth(noisy), atol=2e-3)


def test_noise_shrinks(still):
    noisy = still + np.random.default_rng(3).normal(size=still.shape).astype(np.float32)
    error = smooth(noisy) - still
    rest = np.setdiff1d(np.arange(468), LIPS)
    assert error[:, rest].std() < 0.75
    assert error[:, list(LIPS)].std() < 0.9


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_short_closure_stays_closed(still, frames):
    noise = np.random.default_rng(4).normal(size=still.shape) * 0.15
    gap = np.full(COUNT, 16.0)
    gap[30 : 30 + frames] = 0.0
    talking = still.copy()
    lower = [i for i in LIPS if still[0, i, 1] > np.median(still[0, list(LIPS), 1])]
    talking[:, lower, 1] += gap[:, None]
    result = smooth((talking + noise).astype(np.float32))
    moved = (result[:, lower, 1] - still[:, lower, 1]).mean(1)
    assert moved[30 : 30 + frames].max() < 1.6  # a tenth of the opening
    assert abs(np.delete(moved, slice(27, 33 + frames)) - 16).max() < 1.0


def test_gaps_are_bridged_and_their_content_ignored(still):
    moving = still + np.arange(COUNT, dtype=np.float32)[:, None, None] * [0.5, 0.2, 0.0]
    measured = np.ones(COUNT, bool)
    measured[20:30] = measured[:4] = False
    spoiled = moving.astype(np.float32)
    spoiled[~measured] = 1e4
    result = smooth(spoiled, measured)
    np.testing.assert_allclose(result[20:30], moving[20:30], atol=0.2)
    np.testing.assert_allclose(result[6:18], moving[6:18], atol=0.6)
    assert abs(result[:4] - moving[:4]).max() < 4  # held, not flung away


def test_one_and_two_frames_are_left_alone(still):
    np.testing.assert_array_equal(smooth(still[:1]), still[:1])
    np.testing.assert_array_equal(smooth(still[:2]), still[:2])
