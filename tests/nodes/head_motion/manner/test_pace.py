import numpy as np
import pytest

from talkgraph.nodes.head_motion.habit.coupling import coupling_of, log_speed, smooth
from talkgraph.nodes.head_motion.manner.pace import (
    LARGEST,
    paced,
    response_to,
    with_coupling,
    with_general_pace,
)
from talkgraph.nodes.signals import correlation
from tests.nodes.head_motion.manner.test_spread import movement, spread


def energy(count=2000):
    return smooth(np.random.default_rng(5).standard_normal(count), 8.0) * 8


def test_pace_scales_all_but_the_slowest_band():
    away = movement(1)
    np.testing.assert_allclose(paced(away, np.zeros(500), 25.0, 2.0), away, atol=1e-6)
    slow = np.sin(2 * np.pi * 0.05 * np.arange(2000) / 25)[:, None] * np.ones(6)
    fast = np.sin(2 * np.pi * 1.5 * np.arange(2000) / 25)[:, None] * np.ones(6)
    made = paced(slow + fast, np.full(2000, np.log(2)), 25.0, 2.0)
    np.testing.assert_allclose(made[200:-200], (slow + 2 * fast)[200:-200], atol=0.05)


def test_posture_is_held_where_the_head_is_slow_and_shifts_where_it_is_quick():
    slow = np.sin(2 * np.pi * 0.02 * np.arange(2000) / 25)[:, None] * np.ones(6)
    pace = np.where(np.arange(2000) // 200 % 2, 0.5, -0.5)
    made = paced(slow, pace, 25.0, 2.0)
    moved = np.abs(np.diff(made[:, 0]))
    quick = pace[1:] > 0
    assert moved[quick].mean() > 4 * moved[~quick].mean()
    np.testing.assert_allclose(made[[0, -1]], slow[[0, -1]], atol=0.02)  # it ends on time


def test_the_response_is_a_sum_over_lags_of_what_is_heard():
    heard = np.random.default_rng(0).standard_normal((30, 3))
    response = np.array([[0.1, 0.0], [0.0, 0.2]])
    made = response_to(heard, response, (-1, 2))
    wanted = 0.1 * heard[4, 0] + 0.2 * heard[7, 1]
    total = [0.1 * heard[max(i - 1, 0), 0] + 0.2 * heard[min(i + 2, 29), 1] for i in range(30)]
    assert made[5] == pytest.approx(wanted - np.mean(total))
    assert np.abs(response_to(99 * heard, response, (-1, 2))).max() == LARGEST


@pytest.mark.parametrize("coupling", [-0.4, 0.1, 0.5])
def test_log_speed_follows_loudness_as_much_as_the_persons_does(coupling):
    loud, general = energy(), 0.1
    random = np.random.default_rng(0)
    made = with_coupling(movement(1, 2000), loud, coupling, general, spread(), 1.0, random)
    found = coupling_of(log_speed(made, 25.0), loud)
    assert found == pytest.approx(general + 0.6 * (coupling - general), abs=0.1)


def test_the_general_pace_quickens_and_slows():
    response = np.where(np.arange(2000) // 100 % 2, 0.7, -0.7)
    made = with_general_pace(movement(1, 2000), response, 0 * response, 0.1, 0.1, spread(), 1.0)
    speed = log_speed(made, 25.0)
    assert correlation(smooth(speed, 5.0), response) > 0.5
