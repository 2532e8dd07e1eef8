import attrs
import numpy as np
import pytest

from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.score import mean_score, score, table


def test_scores_of_the_truth_the_mean_and_the_opposite(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    truth = score(target, target.expression, facts)
    assert truth.opening == pytest.approx(1.0) and truth.gain == pytest.approx(1.0)
    assert (truth.at_0, truth.ccc) == pytest.approx((1.0, 1.0)) and truth.lag == 0
    assert truth.hits == 1.0 and truth.false == 0.0 and truth.spread == pytest.approx(1.0)
    mean = score(target, target.expression * 0, facts)
    assert mean.opening == 0.0 and mean.gain == pytest.approx(0.0, abs=1e-6)
    half = score(target, target.expression / 2, facts)
    assert half.opening == pytest.approx(1.0) and half.ccc == pytest.approx(0.8)
    assert half.spread == half.width_spread == pytest.approx(0.5)
    assert mean_score([truth, truth])["opening"] == pytest.approx(1.0)
    assert "someone" in table([truth, mean])


def test_a_late_picture_is_blamed_at_lag_0_only(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    early = np.roll(target.expression, -3, axis=0)
    found = score(target, early, facts)
    assert found.lag == 3 and found.opening > 0.95 > found.at_0 + 0.1


def test_people_count_alike_and_their_clips_by_length(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    one = attrs.evolve(score(target, target.expression, facts), opening=1.0)
    a = [attrs.evolve(one, person="a", opening=x, frames=f) for x, f in ((0.0, 300), (1.0, 100))]
    assert mean_score([*a, one])["opening"] == pytest.approx((0.25 + 1) / 2)
