import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from talkgraph.nodes.evaluate.head.similarity import ping_pong
from talkgraph.nodes.evaluate.head.windows import copied_share, frechet, pooled_frechet
from tests.nodes.evaluate.head.made import FPS, swaying


@given(st.integers(0, 30))
def test_frechet_agrees_with_the_matrix_root_of_scipy(seed):
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(200, 4)) @ random.normal(size=(4, 4)), random.normal(size=(150, 4))
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    gap = a.mean(0) - b.mean(0)
    expected = gap @ gap + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet(a, b) == pytest.approx(expected / np.trace(other), rel=1e-6)


def test_frechet_of_shifted_and_scaled_points_is_closed_form():
    real = np.random.default_rng(0).normal(size=(500, 3))
    real = (real - real.mean(0)) / real.std(0, ddof=1)
    assert frechet(real, real) == pytest.approx(0, abs=1e-9)
    assert frechet(real + np.array([3, 0, 0]), real) == pytest.approx(9 / 3)
    assert frechet(2 * real, real) == pytest.approx(1)  # (2 - 1)² of each unit variance


def test_windows_of_the_same_kind_are_near_and_of_another_kind_far():
    real = [swaying(k) for k in range(20)]
    same = [swaying(k + 100) for k in range(20)]
    fast = [swaying(k, sigma=2.0) for k in range(20)]
    assert pooled_frechet(real, real, FPS) == pytest.approx(0, abs=1e-9)
    near, far = pooled_frechet(same, real, FPS), pooled_frechet(fast, real, FPS)
    assert near < 0.03 < 0.1 < far
    # Range and place do not count.
    assert pooled_frechet([3 * x + 7 for x in same], real, FPS) == pytest.approx(near)
    assert pooled_frechet([real[0][:200]], real, FPS) is None


def test_replay_is_a_copy_and_another_motion_is_none():
    clip = swaying(3, 200)
    assert copied_share(clip[30:180], clip, FPS) == 1
    assert copied_share(clip[::-1], clip, FPS) == 1
    assert copied_share(ping_pong(clip, 600), clip, FPS) > 0.7  # but for windows about the turns
    assert copied_share(swaying(4, 200), clip, FPS) == 0
    assert copied_share(clip + np.array([2, 2, 2, 0, 0, 0]), clip, FPS) < 1
    assert copied_share(clip[:20], clip, FPS) == 0
