import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from skimage.metrics import structural_similarity

from talkgraph.nodes.evaluate.picture.structure import ssim, ssim_map


def noise(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


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


def test_ssim_is_scikit_images_and_its_map_has_a_value_per_pixel():
    a, b = noise(5), noise(6)
    expected = structural_similarity(a, b, win_size=7, channel_axis=-1, data_range=255)
    assert ssim(a, b) == pytest.approx(expected)
    b[:, :32] = a[:, :32]  # the left half is equal
    similar = ssim_map(a, b)
    assert similar.shape == (64, 64)
    assert similar[:, :28] == pytest.approx(1) and similar[:, 40:].mean() < 0.2
