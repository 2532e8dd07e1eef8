import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from talkgraph.nodes.evaluate.picture.sharpness import sharpness


def noise(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_sharpness_falls_with_blur_and_is_one_for_itself():
    real = noise(7)
    blurred = uniform_filter(real.astype(float), (3, 3, 1)).astype(np.uint8)
    assert sharpness(real, real) == 1
    assert sharpness(blurred, real) < 0.5
    # A brighter picture of the same contrast is as sharp.
    dim = (real // 2).astype(np.uint8)
    assert sharpness(dim + 60, dim) == pytest.approx(1)


def test_sharpness_of_a_region_counts_its_pixels_alone():
    real = noise(8)
    made = real.copy()
    made[:, :32] = 128
    region = np.zeros((64, 64), bool)
    region[:, 36:] = True
    assert sharpness(made, real, region) == 1
    assert sharpness(made, real, ~region) < 0.5
    assert sharpness(made, real, np.zeros((64, 64), bool)) == 1
