"""The Whittaker smoother against a dense solve and its own frequency response."""

import numpy as np
import pytest

from talkgraph.nodes.signals import smooth_in_time, whittaker_lambda


@pytest.mark.parametrize("count", [3, 4, 5, 6, 40])
def test_equals_the_dense_normal_equations(count):
    rng = np.random.default_rng(count)
    series, weights = rng.normal(size=(count, 2)), rng.uniform(0.1, 1, count)
    difference = np.diff(np.eye(count), 2, axis=0)
    system = np.diag(weights) + whittaker_lambda(4, 25) * difference.T @ difference
    expected = np.linalg.solve(system, weights[:, None] * series)
    np.testing.assert_allclose(smooth_in_time(series, weights, 4, 25), expected, atol=1e-6)


def test_half_of_the_amplitude_is_left_at_the_cutoff_and_nothing_is_delayed():
    time = np.arange(400) / 25
    wave = np.sin(2 * np.pi * 4 * time)[:, None]
    smooth = smooth_in_time(wave, np.ones(400), 4, 25)[100:300]
    np.testing.assert_allclose(smooth, wave[100:300] / 2, atol=1e-3)


def test_a_gap_is_bridged_without_looking_at_what_stands_there():
    line = np.linspace(0, 1, 50)[:, None]
    weights = np.ones(50)
    weights[20:30] = 0
    broken = line.copy()
    broken[20:30] = 99
    np.testing.assert_allclose(smooth_in_time(broken, weights, 4, 25), line, atol=1e-4)


def test_one_and_two_frames_stay_as_they_are():
    for count in (1, 2):
        series = np.ones((count, 3))
        np.testing.assert_array_equal(smooth_in_time(series, np.ones(count), 4, 25), series)
