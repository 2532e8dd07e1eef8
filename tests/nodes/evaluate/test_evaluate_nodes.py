import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.identity import SAME_PERSON, identity_distance
from talkgraph.nodes.evaluate.nodes import (
    CompareHeadMotion,
    CompareIdentity,
    CompareMouths,
    ComparePictures,
)
from talkgraph.nodes.values import FaceTrack, IdentityFeature, Motion


def movie(seed: int, count: int = 5, side: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def motion(rotation: np.ndarray) -> Motion:
    count = len(rotation)
    return Motion(
        expression=np.zeros((count, 64), np.float32),
        rotation=rotation.astype(np.float32),
        translation=np.zeros((count, 3), np.float32),
        fps=25.0,
    )


def moving_track(opening: np.ndarray, measured: np.ndarray | None = None) -> FaceTrack:
    landmarks = np.tile(np.random.default_rng(0).uniform(40, 200, (478, 3)), (len(opening), 1, 1))
    for upper, lower in ((82, 87), (13, 14), (312, 317)):
        landmarks[:, lower, :2] = landmarks[:, upper, :2]
        landmarks[:, lower, 1] += opening
    return FaceTrack(
        landmarks=landmarks.astype(np.float32),
        confidence=np.ones(len(opening), np.float32),
        measured=np.ones(len(opening), bool) if measured is None else measured,
        size=256,
    )


def test_equal_pictures_have_the_best_scores():
    frames = Frames.from_array(movie(0))
    assert ComparePictures(side=48).run(frames, frames).values == {
        "psnr": 100.0, "ssim": 1.0, "psnr_wrapped": 100.0, "sharpness": 1.0,
    }  # fmt: skip


def test_picture_scores_are_means_over_frames_and_take_frames_that_are_read_once():
    real = movie(1)
    worse = real.copy()
    worse[0] = movie(2)[0]
    once = Frames.from_iterable(5, worse.shape[1:], iter(worse))
    found = ComparePictures(side=48).run(once, Frames.from_array(real)).values
    assert found["ssim"] == pytest.approx((4 + 0) / 5, abs=0.02)
    assert 80 < found["psnr"] < 90


def test_unequal_counts_are_refused():
    with pytest.raises(InputError, match="5 and 4 frames"):
        ComparePictures().run(Frames.from_array(movie(0)), Frames.from_array(movie(0, 4)))


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


def test_head_motion_scores_come_with_their_baseline():
    clip = np.random.default_rng(4).normal(0, 0.1, (80, 3))
    found = CompareHeadMotion().run(motion(clip), motion(clip), motion(clip)).values
    assert found["hs"] == pytest.approx(1)
    assert found["hs_replay"] > 0.95
    assert found["jitter"] == found["jitter_real"] > 0
    assert "hs_replay" not in CompareHeadMotion().run(motion(clip), motion(clip)).values


def test_identity_distance_is_euclidean():
    a = IdentityFeature(vector=np.zeros(128, np.float32))
    b = IdentityFeature(vector=np.full(128, 0.1, np.float32))
    assert identity_distance(a, b) == pytest.approx(np.sqrt(1.28))
    assert CompareIdentity().run(a, a).values["identity_distance"] < SAME_PERSON
    with pytest.raises(ValueError, match="one network"):
        identity_distance(a, IdentityFeature(vector=np.zeros(512, np.float32)))
