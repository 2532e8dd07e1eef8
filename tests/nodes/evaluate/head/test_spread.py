import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.evaluate.head.spread import (
    drift,
    jerk_ratio,
    jitter,
    speed_ratios,
    spread_ratios,
    typical,
    typical_factor,
)
from tests.nodes.evaluate.head.made import FPS, swaying


@given(st.lists(st.floats(0.1, 5), min_size=3, max_size=3), st.floats(-40, 40))
def test_ratios_are_the_gains_of_the_angles(gains, offset):
    real = swaying(0)
    made = real * [*gains, 1, 1, 1] + offset
    assert spread_ratios(made, real) == pytest.approx(gains)
    assert speed_ratios(made, real, FPS) == pytest.approx(gains)
    assert typical(spread_ratios(made, real)) == pytest.approx(np.prod(gains) ** (1 / 3))


def test_twice_as_fast_has_the_same_range_and_twice_the_speed():
    t = np.arange(1000) / FPS
    real, made = (np.sin(2 * np.pi * f * t)[:, None] * np.ones(3) for f in (0.5, 1.0))
    assert spread_ratios(made, real) == pytest.approx(1, abs=0.01)
    assert speed_ratios(made, real, FPS) == pytest.approx(2, rel=0.01)
    assert jerk_ratio(made, real) == pytest.approx(8, rel=0.02)


def test_half_and_double_are_right_on_average_and_wrong_each():
    assert typical([0.5, 2.0]) == pytest.approx(1)
    assert typical_factor([0.5, 2.0]) == pytest.approx(2)
    assert typical_factor([1.0, 1.0]) == 1


def test_jitter_is_the_deviation_of_noise_on_linear_motion():
    noise = np.random.default_rng(6).normal(0, 0.03, (20000, 3))
    line = np.linspace(0, 50, 20000)[:, None]
    assert jitter(line + noise) == pytest.approx(0.03, rel=0.02)
    assert jitter(line) == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="3 frames"):
        jitter(np.zeros((2, 3)))


def test_drift_is_in_spreads_of_the_first_minute():
    calm = np.tile(np.sin(np.arange(1500) * 2 * np.pi / 50), 4)[:, None] * np.ones(3)
    assert drift(calm, FPS) == pytest.approx(0, abs=1e-9)
    away = calm + np.linspace(0, 1, 6000)[:, None] * 0
    away[-1500:] += 0.5
    assert drift(away, FPS) == pytest.approx(0.5 / np.sqrt(0.5), rel=1e-3)
    with pytest.raises(ValueError, match="3000 frames"):
        drift(calm[:2000], FPS)
