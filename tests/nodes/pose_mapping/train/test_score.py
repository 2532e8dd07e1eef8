import numpy as np
import pytest

from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.score import closures, mean_score, score, table


def test_scores_of_the_truth_the_mean_and_the_opposite(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    truth = score(target, target.expression, target.pose, facts)
    assert truth.opening == pytest.approx(1.0) and truth.gain == pytest.approx(1.0)
    assert truth.hits == 1.0 and truth.false == 0.0 and truth.spread == pytest.approx(1.0)
    mean = score(target, target.expression * 0, target.pose * 0, facts)
    assert mean.opening == 0.0 and mean.gain == pytest.approx(0.0, abs=1e-6)
    opposite = score(target, -target.expression, target.pose, facts)
    assert opposite.opening == pytest.approx(-1.0) and opposite.gain < -2.5
    assert mean_score([truth, truth])["opening"] == pytest.approx(1.0)
    assert "someone" in table([truth, mean])


def test_closures_allow_one_frame():
    truth = np.tile([1.0, 0.9, 0.8, 0.0, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0], 10)
    closed = truth == 0.0
    assert closures(truth, truth, closed)[0] == 1.0
    assert closures(np.roll(truth, 1), truth, closed)[0] == 1.0
    assert closures(np.roll(truth, 5), truth, closed)[0] == 0.0
