import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from talkgraph.nodes.evaluate.head.similarity import (
    BINS,
    at_place_of,
    frozen,
    head_similarity,
    ping_pong,
    replay_similarity,
)


def angles(seed: int, count: int = 200, spread: float = 0.2) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, (count, 3))


def test_equal_distributions_score_one_and_opposite_ends_zero():
    real = angles(0)
    assert head_similarity(real, real) == pytest.approx(1)
    # Order is nothing to a histogram: that is why the replay baseline exists.
    assert head_similarity(real[::-1], real) == pytest.approx(1)
    low, high = np.full((50, 3), -0.4), np.full((80, 3), 0.4)
    assert head_similarity(low, high) == pytest.approx(0)


def test_hs_agrees_with_scipys_wasserstein_distance_on_the_bins():
    a, b = angles(1, 150), angles(2, 230) * [1.0, 1.5, 0.7] + [0.1, 0.0, -0.05]
    expected = []
    for k in range(3):
        low, high = min(a[:, k].min(), b[:, k].min()), max(a[:, k].max(), b[:, k].max())
        bins = np.linspace(0, 1, BINS)  # bin places, first to last: 0 ... 1
        weights = [np.histogram(x[:, k], BINS, (low, high))[0] for x in (a, b)]
        expected.append(wasserstein_distance(bins, bins, *weights))
    assert head_similarity(a, b) == pytest.approx(1 - np.mean(expected))


def test_hs_approaches_the_distance_of_the_angles_for_many_bins():
    a, b = angles(3), angles(4) + 0.1
    found = head_similarity(a, b, bins=5000, limits=(-1, 1))
    expected = 1 - np.mean([wasserstein_distance(a[:, k], b[:, k]) / 2 for k in range(3)])
    assert found == pytest.approx(expected, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 3), st.floats(-2, 2))
def test_hs_is_symmetric_in_range_and_free_of_scale(seed: int, scale: float, offset: float):
    a, b = angles(seed, 60), angles(seed + 1, 90, 0.3)
    found = head_similarity(a, b)
    assert 0 <= found <= 1
    assert head_similarity(b, a) == pytest.approx(found)
    moved = head_similarity(a * scale + offset, b * scale + offset)
    assert moved == pytest.approx(found, abs=0.02)  # rounding may move an angle by a bin


def test_two_heads_held_still_alike_are_alike():
    still = np.full((10, 3), 0.1)
    assert head_similarity(still, still) == 1


def test_ping_pong_turns_at_both_ends_without_a_repeated_frame():
    clip = np.arange(4)[:, None] * np.ones(3)
    played = ping_pong(clip, 9)[:, 0]
    assert played.tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert ping_pong(clip[:1], 3)[:, 0].tolist() == [0, 0, 0]
    assert ping_pong(clip[:2], 3)[:, 0].tolist() == [0, 1, 0]


def test_replaying_the_clip_scores_high_for_nothing():
    clip = angles(5, 300)
    assert replay_similarity(clip, clip, 600) > 0.99


def test_a_stranger_and_a_frozen_head_stand_where_the_person_stands():
    clip, stranger = angles(6) + 0.3, angles(7) - 0.5
    assert at_place_of(stranger, clip).mean(0) == pytest.approx(clip.mean(0))
    assert at_place_of(stranger, clip).std(0) == pytest.approx(stranger.std(0))
    held = frozen(clip, 17)
    assert held.shape == (17, 3) and np.ptp(held, axis=0).max() == 0
    # HS hardly tells a stranger from the person: the warning of the module.
    assert head_similarity(at_place_of(stranger, clip), clip) > 0.9
