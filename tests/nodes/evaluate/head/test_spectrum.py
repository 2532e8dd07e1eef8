import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from talkgraph.nodes.evaluate.head.spectrum import log_spectral_distance
from tests.nodes.evaluate.head.made import FPS, swaying


@pytest.mark.parametrize("gain", [0.5, 1, 3])
def test_a_gain_is_its_decibels_at_every_frequency(gain):
    real = swaying(0)
    made = real.mean(0) + gain * (real - real.mean(0))
    assert log_spectral_distance(made, real, FPS) == pytest.approx(abs(20 * np.log10(gain)))


def test_white_noise_lies_near_white_noise_of_another_length_and_far_from_a_slow_head():
    noise = np.random.default_rng(1).normal(size=(6000, 3))
    other = np.random.default_rng(2).normal(size=(4000, 3))
    assert log_spectral_distance(noise, other, FPS) < 1
    slow = gaussian_filter1d(noise, 8, axis=0)
    assert log_spectral_distance(slow, noise, FPS) > 10
    assert np.isfinite(log_spectral_distance(np.zeros((100, 3)), noise, FPS))
