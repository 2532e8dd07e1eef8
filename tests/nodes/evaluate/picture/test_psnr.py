import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from talkgraph.nodes.evaluate.picture.psnr import psnr, psnr_wrapped


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


def test_pictures_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        psnr(noise(0), noise(0, side=32))
    with pytest.raises(ValueError, match="uint8"):
        psnr_wrapped(noise(0) / 255, noise(0) / 255)


def test_psnr_is_scikit_images():
    a, b = noise(8), noise(9)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=255))


def test_only_the_pixels_of_the_region_count():
    a, b = noise(8), noise(9)
    region = np.zeros(a.shape[:2], bool)
    region[10:30, 5:50] = True
    cut = (slice(10, 30), slice(5, 50))
    assert psnr(a, b, region) == pytest.approx(psnr(a[cut], b[cut]))
    b[cut] = a[cut]
    assert psnr(a, b, region) == np.inf
