from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.closure import (
    closure_depth,
    hits_and_false,
    low_openings,
    lowest_openings,
    runs_of,
)
from talkgraph.nodes.evaluate.phones import Phones, bilabial_frames


def talking(closures: list[int], count: int = 100) -> np.ndarray:
    """An open mouth that closes for three frames at each of `closures`."""
    opening = np.full(count, 1.0) + 0.01 * np.arange(count)[::-1] / count
    for at in closures:
        opening[at - 1 : at + 2] = [0.3, 0.0, 0.3]
    return opening


SEEN = np.ones(100, bool)


def test_all_closures_are_hit_by_the_same_mouth_and_none_by_one_that_never_moves():
    real = talking([20, 50, 80])
    closed = lowest_openings(real, SEEN, 5.0)
    assert hits_and_false(real, real, closed, SEEN) == (1.0, 0.0)
    assert hits_and_false(np.full(100, 0.4), real, closed, SEEN) == (0.0, 0.0)


def test_a_closure_may_be_a_frame_off_but_not_three():
    real = talking([20, 50, 80])
    closed = real == 0
    for off, expected in ((0, 1.0), (1, 1.0), (2, 1.0), (4, 0.0)):
        made = talking([20 + off, 50 + off, 80 + off])  # each is low for three frames
        assert hits_and_false(made, real, closed, SEEN)[0] == expected, off


def test_half_of_the_closures():
    real, made = talking([20, 40, 60, 80]), talking([20, 60, 30, 70])
    hits, false = hits_and_false(made, real, real == 0, SEEN)
    assert hits == 0.5
    assert 0.05 < false < 0.4  # six of the low frames lie where the real mouth is open


@given(st.integers(0, 50))
def test_random_closures_hit_as_often_as_the_docstring_says(seed):
    random = np.random.default_rng(seed)
    made, real = random.normal(size=(2, 4000))
    seen = np.ones(4000, bool)
    hits, false = hits_and_false(made, real, lowest_openings(real, seen), seen)
    assert hits == pytest.approx(1 - 0.85**3, abs=0.08)
    assert false == pytest.approx(0.15, abs=0.03)


def test_unmeasured_frames_are_neither_closed_nor_open():
    real = talking([20, 50])
    seen = SEEN.copy()
    seen[45:55] = False
    made = talking([20])
    assert hits_and_false(made, real, (real == 0), seen) == (1.0, 0.0)
    assert hits_and_false(made, real, real == 0, ~SEEN) == (0.0, 0.0)
    assert not lowest_openings(real, ~SEEN).any()


def test_depth_is_in_units_of_the_real_spread():
    real = talking([20, 50, 80])
    closed, unit = real == 0, real.std()
    full = closure_depth(real, closed, unit)
    assert full == pytest.approx((real.mean() - 0) / real.std())
    hovering = real.mean() + 0.5 * (real - real.mean())
    assert closure_depth(hovering, closed, unit) == pytest.approx(0.5 * full)
    assert closure_depth(real, ~SEEN, unit) == 0


def test_bilabial_phones_in_either_alphabet_mark_their_frames():
    phones = Phones(
        symbols=["HH", "M", "UH1", "p", "bʰ", "mb"],
        starts=[0.0, 0.1, 0.22, 0.4, 0.8, 0.9],
        stops=[0.1, 0.22, 0.4, 0.405, 0.84, 1.0],
    )
    closed = bilabial_frames(phones, 30, 25.0)
    assert np.flatnonzero(closed).tolist() == [2, 3, 4, 5, 10, 20]


def test_phones_beyond_the_clip_are_left_out():
    assert not bilabial_frames(Phones(symbols=["m"], starts=[5.0], stops=[5.1]), 30, 25.0).any()


def test_low_is_relative_to_the_made_mouth():
    made = 10 + talking([20, 50])
    assert np.flatnonzero(low_openings(made, 1.0)).tolist() == [20, 50]
    assert not low_openings(np.full(9, 3.0)).any()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.sampled_from([0.0, 15.0, 100.0]))
def test_low_frames_are_lower_than_all_others_and_below_the_mean(openings, percentile):
    made = np.array(openings, float)
    low = low_openings(made, percentile)
    assert low.shape == made.shape and low.dtype == bool
    assert (made[low] < made.mean()).all()
    if low.any():
        assert made[low].max() < made[~low].min()
    if percentile == 100:
        assert np.array_equal(low, made < made.mean() - 1e-9)


@given(st.lists(st.booleans(), max_size=30))
def test_runs_cover_exactly_the_mask(mask):
    again = np.zeros(len(mask), bool)
    runs = runs_of(np.asarray(mask, bool))
    for start, stop in runs:
        assert start < stop
        again[start:stop] = True
    assert again.tolist() == mask
    assert all(b < c for (_, b), (c, _) in pairwise(runs))
