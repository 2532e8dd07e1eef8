import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.compare_pictures import (
    ComparePictures,
    psnr,
    psnr_wrapped,
    sharpness,
    ssim,
    to_atvg_size,
)


def noise(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_psnr_of_a_constant_error_is_closed_form():
    a = np.full((8, 8, 3), 100, np.uint8)
    b = np.full((8, 8, 3), 110, np.uint8)
    assert psnr(a, b) == pytest.approx(20 * np.log10(255 / 10))
    assert psnr(b, a) == psnr(a, b)
    assert psnr(a, a) == np.inf


def test_psnr_does_not_wrap_but_atvgs_does():
    a, b = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 240, np.uint8)
    assert psnr(a, b) == pytest.approx(20 * np.log10(255 / 240))
    # 0 - 240 wraps to 16, 16² to 0: black and white are "equal".
    assert psnr_wrapped(a, b) == np.inf


def test_wrapped_psnr_of_noise_has_the_floor_that_the_docstring_states():
    for seed in range(3):
        a, b = noise(seed), noise(seed + 100)
        assert 27.5 < psnr_wrapped(a, b) < 28.5
        assert psnr(a, b) < 9
    grey = np.full((128, 128, 3), 128, np.uint8)
    blurred = np.clip(128 + np.random.default_rng(0).normal(0, 30, grey.shape), 0, 255)
    assert psnr(blurred.astype(np.uint8), grey) == pytest.approx(18.6, abs=0.1)
    assert psnr_wrapped(blurred.astype(np.uint8), grey) == pytest.approx(28, abs=0.5)


def test_small_errors_are_the_same_in_both():
    a = noise(1)
    a = np.clip(a, 20, 230)
    b = (a + np.random.default_rng(2).integers(0, 12, a.shape)).astype(np.uint8)
    assert psnr_wrapped(b, a) == pytest.approx(psnr(b, a))


def independent_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Wang et al. 2004, eq. 13, 7 x 7 uniform windows, sample covariance, border left out."""
    c1, c2, n = (0.01 * 255) ** 2, (0.03 * 255) ** 2, 49
    means = []
    for channel in range(3):
        x, y = a[..., channel].astype(float), b[..., channel].astype(float)
        mx, my = uniform_filter(x, 7), uniform_filter(y, 7)
        vx = (uniform_filter(x * x, 7) - mx * mx) * n / (n - 1)
        vy = (uniform_filter(y * y, 7) - my * my) * n / (n - 1)
        cov = (uniform_filter(x * y, 7) - mx * my) * n / (n - 1)
        score = ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
        means.append(score[3:-3, 3:-3].mean())
    return float(np.mean(means))


def test_ssim_agrees_with_an_independent_implementation():
    a = noise(3)
    b = np.clip(a.astype(int) + np.random.default_rng(4).integers(-40, 40, a.shape), 0, 255)
    b = b.astype(np.uint8)
    assert ssim(a, b) == pytest.approx(independent_ssim(a, b), abs=1e-6)
    assert ssim(a, a) == pytest.approx(1)


def test_area_resize_averages_cells_and_keeps_the_right_size():
    big = noise(5, side=512)
    cells = big.reshape(256, 2, 256, 2, 3).astype(float).mean((1, 3))
    assert np.abs(to_atvg_size(big) - cells).max() <= 1  # Pillow rounds twice
    same = noise(6, side=256)
    assert to_atvg_size(same) is same


def test_sharpness_falls_with_blur_and_is_one_for_itself():
    real = noise(7)
    blurred = uniform_filter(real.astype(float), (3, 3, 1)).astype(np.uint8)
    assert sharpness(real, real) == 1
    assert sharpness(blurred, real) < 0.5
    # A brighter picture of the same contrast is as sharp.
    dim = (real // 2).astype(np.uint8)
    assert sharpness(dim + 60, dim) == pytest.approx(1)


def test_pictures_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        psnr(noise(0), noise(0, side=32))
    with pytest.raises(ValueError, match="uint8"):
        psnr_wrapped(noise(0) / 255, noise(0) / 255)


def movie(seed: int, count: int = 5, side: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


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
