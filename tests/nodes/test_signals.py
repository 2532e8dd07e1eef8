"""The smoothers against a dense solve and their frequency response; limits, correlation, lag."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.signals import (
    best_lag,
    correlation,
    evenly_spread,
    low_pass,
    not_finite,
    smooth_in_time,
    soft_limit,
    split_bands,
    spread_in_stretches,
    whittaker_lambda,
)


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


def test_soft_limit_keeps_the_middle_and_the_order():
    x = np.linspace(-4, 4, 401, dtype=np.float32)[:, None]
    y = soft_limit(x, np.float32([-1.0]), np.float32([1.0]), 0.7)
    inside = np.abs(x) <= 0.7
    np.testing.assert_allclose(y[inside], x[inside], atol=1e-6)
    assert (np.diff(y[:, 0]) >= 0).all()
    assert np.abs(np.diff(y[:, 0], 2)).max() < 0.01  # no kink


@pytest.mark.parametrize("cutoff", [0.0, -1.0, float("nan")])
def test_a_cutoff_is_above_zero(cutoff):
    wave = np.ones((10, 1))
    for smooth in (
        lambda: low_pass(wave, cutoff, 25),
        lambda: smooth_in_time(wave, np.ones(10), cutoff, 25),
    ):
        with pytest.raises(ValueError, match=r"cutoff_hz is .* Hz; give a frequency above 0"):
            smooth()


def test_low_pass_has_no_lag_and_the_stated_cutoff():
    time = np.arange(1000) / 25.0
    tone = np.sin(2 * np.pi * 2.0 * time)[:, None]
    made = low_pass(tone, 2.0, 25.0)
    middle = slice(100, 900)
    assert made[middle].std() / tone[middle].std() == pytest.approx(np.sqrt(0.5), abs=0.01)
    lags = [float((made[100 + k : 900 + k] * tone[middle]).sum()) for k in range(-3, 4)]
    assert int(np.argmax(lags)) == 3


@given(cutoff=st.floats(0.05, 100), fps=st.floats(10, 60))
def test_a_low_pass_stays_in_the_range_and_the_penalty_above_a_sixteenth(cutoff, fps):
    signal = np.random.default_rng(5).normal(size=(30, 2, 3))
    made = low_pass(signal, cutoff, fps)
    assert made.shape == signal.shape and made.dtype == np.float32
    assert signal.min() - 1e-6 <= made.min() <= made.max() <= signal.max() + 1e-6
    if cutoff >= fps:
        np.testing.assert_allclose(made, signal, atol=1e-6)
    penalty = whittaker_lambda(cutoff, fps)
    assert penalty >= 1 / 16
    if cutoff >= fps / 2:
        assert penalty == pytest.approx(1 / 16)
    else:
        response = 1 / (1 + penalty * (2 * np.sin(np.pi * cutoff / fps)) ** 4)
        assert response == pytest.approx(0.5)


@given(x=st.floats(-10, 10), limit=st.floats(0, 3), knee=st.floats(0, 0.95))
def test_soft_limit_is_bounded_odd_and_idle_below_the_knee(x, limit, knee):
    y = float(soft_limit(np.array([x]), -limit, limit, knee)[0])
    assert abs(y) <= limit + 2e-12 and abs(y) <= abs(x) + 1e-15
    assert float(soft_limit(np.array([-x]), -limit, limit, knee)[0]) == -y
    if abs(x) <= knee * limit:
        assert y == x


def test_correlation_agrees_with_numpy_and_survives_constants():
    a, b = np.random.default_rng(2).normal(size=(2, 50))
    assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert correlation(a, np.ones(50)) == 0


@settings(max_examples=21, deadline=None)
@given(st.integers(-7, 7))
def test_best_lag_finds_a_known_delay_with_its_sign(lag: int):
    signal = np.random.default_rng(3).normal(size=120)
    real = signal[20:100]
    predicted = signal[20 - lag : 100 - lag]  # predicted[t + lag] = real[t]: late for lag > 0
    found, height = best_lag(predicted, real, 10)
    assert (found, height) == (lag, pytest.approx(1))


def test_bad_series_are_refused():
    with pytest.raises(ValueError, match="one length"):
        best_lag(np.zeros(8), np.zeros(9), 2)
    with pytest.raises(ValueError, match="one length"):
        best_lag(np.zeros(8), np.zeros(8), 6)


def test_frames_that_do_not_count_do_not_decide_the_lag():
    signal = np.random.default_rng(4).normal(size=120)
    real, late = signal[20:100].copy(), signal[17:97].copy()
    counted = np.ones(80, bool)
    counted[30:50] = False
    late[~counted] = 1e3 * np.sin(np.arange(20))
    assert best_lag(late, real, 5, counted) == (3, pytest.approx(1))


def test_soft_limit_takes_a_range_off_the_middle_and_keeps_the_dtype():
    x = np.linspace(0, 10, 11, dtype=np.float32)
    y = soft_limit(x, 2.0, 6.0, 0.5)
    assert y.dtype == np.float32
    assert y[3:6].tolist() == [3, 4, 5]  # up to half of the way from 4 to a limit
    assert 2 < y[0] < y[1] < y[2] < 3 and 5 < y[6] < y[7] < 6
    assert soft_limit(x, 4.0, 4.0, 0.0) == pytest.approx(4)


def test_bands_sum_to_the_signal_and_each_holds_its_own_frequencies():
    time = np.arange(1000) / 25
    tones = [np.sin(2 * np.pi * hertz * time) for hertz in (0.05, 0.45, 1.4, 6.0)]
    bands = split_bands(np.stack([sum(tones), -sum(tones)], axis=1), (0.2, 0.8, 2.5), 25)
    assert bands.shape == (4, 1000, 2)
    np.testing.assert_allclose(bands.sum(0)[:, 0], sum(tones), atol=1e-5)
    inner = slice(100, -100)
    for band, tone in zip(bands, tones, strict=True):
        assert correlation(band[inner, 0], tone[inner]) > 0.9
        np.testing.assert_allclose(band[:, 1], -band[:, 0], atol=1e-6)


def test_a_spread_in_stretches_is_that_within_them():
    random = np.random.default_rng(0)
    inside = random.standard_normal((2, 40, 3))
    stepped = inside + np.repeat([0.0, 5.0], 20)[None, :, None]  # a shift between two stretches
    halves = np.sqrt((inside[:, :20].var(1) + inside[:, 20:].var(1)) / 2)
    np.testing.assert_allclose(spread_in_stretches(stepped, 20), halves)
    np.testing.assert_allclose(spread_in_stretches(stepped, 100), stepped.std(1))


def test_frames_that_are_no_numbers_are_counted_once():
    one, other = np.zeros((4, 3)), np.zeros((4, 2))
    assert not_finite(one, other) == ""
    one[1, 0], one[1, 2], other[1, 1], other[3, 0] = np.nan, np.inf, np.nan, -np.inf
    assert not_finite(one, other) == "2 of 4 frames are not"


@given(st.integers(1, 500), st.integers(1, 500))
def test_spread_frames_are_distinct_and_span_the_clip(count: int, most: int):
    chosen = evenly_spread(count, most)
    assert len(chosen) == min(count, most)
    assert chosen[0] == 0
    assert (np.diff(chosen) > 0).all()
    assert chosen[-1] == (count - 1 if most > 1 else 0)
