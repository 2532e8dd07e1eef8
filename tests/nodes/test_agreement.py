import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from scipy.stats import pearsonr

from talkgraph.nodes.agreement import (
    agreement,
    concordance,
    cross_fitted_pairs,
    pairs_at,
    spread_ratio,
)


def series(seed: int, count: int = 200) -> np.ndarray:
    """Something as smooth as lips."""
    return gaussian_filter1d(np.random.default_rng(seed).normal(size=count), 1.5) * 3


def all_of(count: int) -> np.ndarray:
    return np.ones(count, bool)


def test_concordance_is_pearson_times_the_bias_of_lin():
    a, b = series(0), 0.5 * series(0) + 0.4 * series(1) + 0.3
    v, u = a.std() / b.std(), (a.mean() - b.mean()) / np.sqrt(a.std() * b.std())
    expected = pearsonr(a, b)[0] * 2 / (v + 1 / v + u**2)  # Lin 1989
    assert concordance(a, b) == pytest.approx(expected)


@given(st.integers(0, 99), st.floats(-3, 3), st.floats(0.1, 4))
def test_concordance_is_symmetric_and_at_most_pearson(seed, offset, gain):
    a, b = series(seed), gain * series(seed) + 0.5 * series(seed + 1) + offset
    found = concordance(a, b)
    assert found == pytest.approx(concordance(b, a))
    assert abs(found) <= abs(pearsonr(a, b)[0]) + 1e-12
    assert concordance(7 * a - 2, 7 * b - 2) == pytest.approx(found)


def test_gain_and_offset_cost_concordance_but_not_correlation():
    real = series(2)
    made = 0.5 * real + 1
    found = agreement(made, real, pairs_at(0, all_of(200)))
    assert found["r"] == pytest.approx(1)
    assert found["spread"] == pytest.approx(0.5)
    assert found["ccc_centred"] == pytest.approx(2 * 0.5 / (1 + 0.25))  # closed form for a gain
    assert found["ccc"] < found["ccc_centred"]
    assert concordance(real, real) == pytest.approx(1)
    assert concordance(np.full(5, 2.0), np.full(5, 2.0)) == 1
    assert concordance(np.full(5, 2.0), np.full(5, 3.0)) == 0


def test_a_mean_face_agrees_with_nothing():
    found = agreement(np.zeros(200), series(3), pairs_at(0, all_of(200)))
    assert found == {"r": 0, "ccc": pytest.approx(0), "ccc_centred": 0, "spread": 0}
    assert spread_ratio(series(3), np.zeros(200)) > 1e6  # finite


@given(st.integers(-6, 6))
def test_pairs_put_a_late_picture_right(lag):
    whole = series(4, 240)
    made, real = whole[20:220], whole[20 - lag : 220 - lag]  # real lies `lag` frames behind
    mine, theirs = pairs_at(lag, all_of(200)).of(made, real)
    assert len(mine) == 200 - abs(lag)
    assert mine == pytest.approx(theirs)


@given(st.integers(-5, 5), st.integers(0, 20))
def test_each_half_stands_at_the_lag_of_the_other(lag, seed):
    whole = series(seed, 340)
    made, real = whole[20:320], whole[20 - lag : 320 - lag]
    pairs = cross_fitted_pairs(made, real, all_of(300), 8)
    assert pairs.lags == (lag, lag)
    assert agreement(made, real, pairs)["r"] == pytest.approx(1)


def test_a_cross_fitted_lag_does_not_flatter_noise():
    """The best of 17 lags correlates with noise; that of the other half does not."""
    best, crossed = [], []
    for seed in range(40):
        made, real = series(seed, 120), series(seed + 1000, 120)
        best.append(
            max(agreement(made, real, pairs_at(lag, all_of(120)))["r"] for lag in range(-8, 9))
        )
        crossed.append(agreement(made, real, cross_fitted_pairs(made, real, all_of(120), 8))["r"])
    assert np.mean(best) > 0.15
    assert abs(np.mean(crossed)) < 0.08


def test_unmeasured_frames_do_not_count_and_short_clips_keep_lag_zero():
    made, real = series(5, 60), series(5, 60)
    seen = all_of(60)
    real[10:20] += 50
    seen[10:20] = False
    assert agreement(made, real, pairs_at(0, seen))["r"] == pytest.approx(1)
    assert cross_fitted_pairs(made, np.roll(real, 2), seen, 8).lags == (0,)
    nothing = agreement(made, real, pairs_at(0, ~all_of(60)))
    assert nothing["r"] == 0 and np.isfinite(list(nothing.values())).all()
