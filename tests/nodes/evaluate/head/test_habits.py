import numpy as np
import pytest

from talkgraph.nodes.evaluate.head.habits import diversity, log_moments, retrieval
from tests.nodes.evaluate.head.made import FPS, swaying


def person(number: int, take: int) -> np.ndarray:
    """Each person has spreads of their own."""
    own = np.exp(np.random.default_rng(number).normal(0, 0.8, 6))
    return swaying(100 * number + take) * own


def test_moments_are_logs_of_spreads_and_of_speeds():
    pose = swaying(0)
    found = log_moments(pose, FPS)
    assert found.shape == (12,)
    assert log_moments(2 * pose, FPS) == pytest.approx(found + np.log(2))
    assert log_moments(pose + 9, FPS) == pytest.approx(found)


def test_everybody_is_found_by_their_spreads_and_strangers_by_chance():
    rests = [person(k, 0) for k in range(10)]
    assert retrieval([person(k, 1) for k in range(10)], rests, FPS) >= 0.8
    strangers = [person(k, 1) for k in range(10, 20)]
    assert retrieval(strangers, rests, FPS) <= 0.4
    again = [person(k // 2, 2 + k % 2) for k in range(10)]  # two takes of each of five
    names = [str(k // 2) for k in range(10)]
    takes = [person(k // 2, k % 2) for k in range(10)]
    assert retrieval(again, takes, FPS, names) >= 0.8 > retrieval(again, takes, FPS)
    with pytest.raises(ValueError, match="as many"):
        retrieval(rests[:3], rests, FPS)


def test_one_motion_for_all_seeds_has_no_diversity_and_independent_ones_have_one():
    real = swaying(0)
    assert diversity([real, real, real], real) == pytest.approx(0)
    free = [swaying(k) for k in range(1, 40)]
    assert diversity(free, real) == pytest.approx(1, abs=0.05)
    with pytest.raises(ValueError, match="two seeds"):
        diversity([real], real)
