import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import CompareSeeds
from tests.nodes.evaluate.head.made import talk


def diversity(one, other, real) -> float:
    values = CompareSeeds().run(one, other, real).values
    assert list(values) == ["diversity"]
    return values["diversity"]


def test_a_head_has_no_diversity_from_itself():
    assert diversity(talk(0), talk(0), talk(2)) == pytest.approx(0)


def test_two_heads_a_constant_apart():
    one, real = talk(0), talk(2)
    other = one.with_pose(one.pose + np.array([2.0, -3.0, 1.0, 9, 9, 9]))  # the neck's place is out
    spread = np.array([2.0, 3.0, 1.0]) / np.sqrt(2)  # standard deviation of two values
    assert diversity(one, other, real) == pytest.approx(np.mean(spread / real.pose[:, :3].std(0)))


def test_order_does_not_matter_and_the_real_spread_is_the_unit():
    one, other, real = talk(0), talk(1), talk(2)
    found = diversity(one, other, real)
    assert 0.5 < found < 1.6
    assert diversity(other, one, real) == pytest.approx(found)
    wild = real.with_pose(4 * real.pose)
    assert diversity(one, other, wild) == pytest.approx(found / 4)


def test_unequal_lengths_are_refused():
    with pytest.raises(
        InputError, match="compare_seeds got 500 and 100 frames; give two sequences of one length"
    ):
        CompareSeeds().run(talk(0), talk(1).part(0, 100), talk(2))
