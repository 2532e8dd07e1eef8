import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import ComparePictures
from tests.nodes.evaluate.picture.test_regions import disc
from tests.nodes.tracks import track_of


def movie(seed: int, count: int = 5, side: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_equal_pictures_have_the_best_scores():
    frames = Frames.from_array(movie(0))
    assert ComparePictures(side=48).run(frames, frames).values == {
        "psnr": 100.0, "ssim": 1.0, "psnr_wrapped": 100.0, "sharpness": 1.0, "pixels": 48.0**2,
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


def test_face_and_mouth_are_scored_apart_where_the_real_track_is_given():
    real = movie(3, 3)
    made = real.copy()
    made[:, :4] = 255 - made[:, :4]  # far from the face
    measured = np.array([True, True, False])
    track = track_of(np.repeat(disc(15, 48), 3, axis=0), 48, measured)
    frames = (Frames.from_array(made), Frames.from_array(real))
    found = ComparePictures(side=48).run(*frames, track).values
    assert found["psnr"] < 25
    assert found["psnr_face"] == found["psnr_mouth"] == 100
    assert found["pixels_mouth"] < found["pixels_face"] < found["pixels"] == 48**2
    assert "psnr_face" not in ComparePictures(side=48).run(*frames).values
    with pytest.raises(InputError, match="3 and 1 frames"):
        ComparePictures().run(*frames, track_of(disc(15, 48), 48))
