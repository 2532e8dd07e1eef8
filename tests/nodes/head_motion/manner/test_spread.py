import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from talkgraph.nodes.head_motion.habit.habit import BANDS_HZ, habit_of
from talkgraph.nodes.head_motion.habit.seen_motion import CUTOFF_HZ, SeenMotion
from talkgraph.nodes.head_motion.manner.spread import TURN_LIMITS, Spread, about_home, within_neck
from talkgraph.nodes.signals import low_pass, split_bands


def movement(seed, count=500):
    random = np.random.default_rng(seed)
    return low_pass(random.standard_normal((count, 6)), 2.0, 25.0).astype(np.float64) * 0.1


def spread(**changes):
    seen = low_pass(movement(0), CUTOFF_HZ, 25.0).astype(np.float64)
    habit = habit_of(SeenMotion(pose=seen, start=0, fps=25.0), None, 1.0, 0.0)
    values = {"habit": habit, "fps": 25.0, "max_gain": 20.0, "reach": 9.0, "knee": 0.3}
    return Spread(**(values | changes))


def test_any_movement_gets_the_spread_of_the_habit_in_every_band():
    made = spread().given_to(0.1 * movement(1) ** 3 + 5 * movement(2))
    seen = low_pass(made - made.mean(0), CUTOFF_HZ, 25.0)
    bands = split_bands(seen, BANDS_HZ, 25.0).std(1)
    np.testing.assert_allclose(bands, spread().habit.band_std, rtol=0.2)


def test_the_movement_of_the_habit_itself_stays_as_it_is():
    own = movement(0) - movement(0).mean(0)
    np.testing.assert_allclose(spread(reach=1e3).given_to(own), own, atol=1e-4)
    twice = np.concatenate([own, own[::-1]])  # a head that is watched for longer
    np.testing.assert_allclose(spread(reach=1e3).given_to(twice).std(0), twice.std(0), rtol=0.05)


def test_gain_is_limited():
    made = spread(max_gain=2.0).given_to(movement(1) * 1e-3)
    assert made.std(0).max() < 2.1e-3 * movement(1).std(0).max()


@settings(max_examples=30)
@given(hnp.arrays(np.float64, (40, 6), elements=st.floats(-5, 5)))
def test_it_stays_inside_the_range_and_is_finite(away):
    one = spread(reach=1.3)
    made = one.given_to(away)
    assert np.isfinite(made).all()
    assert (made <= 1.3 * one.habit.high + 1e-9).all() and (
        made >= 1.3 * one.habit.low - 1e-9
    ).all()


def test_a_head_comes_back_to_its_place_and_may_hold_a_posture():
    time = np.arange(5000)[:, None] / 25 * np.ones(6)
    stray, posture = 0.3 * np.sin(2 * np.pi * time / 200), 0.1 * np.sin(2 * np.pi * time / 10)
    made = about_home(stray + posture + 0.5, 500.0)
    np.testing.assert_allclose(made[1000:-1000], posture[1000:-1000], atol=0.07)
    np.testing.assert_allclose(made.mean(0), 0, atol=0.01)
    short = movement(1, 100)
    np.testing.assert_allclose(about_home(short, 500.0), short - short.mean(0), atol=2e-3)


@given(hnp.arrays(np.float64, (20, 6), elements=st.floats(-9, 9)), st.floats(-2, 2))
def test_a_neck_turns_only_so_far(pose, yaw):
    mean = np.array([0, yaw, 0, 0, 0, 0])
    made = within_neck(pose, mean)
    low, high = np.minimum(-TURN_LIMITS, mean[:3] - 0.1), np.maximum(TURN_LIMITS, mean[:3] + 0.1)
    assert (made[:, :3] >= low - 1e-9).all() and (made[:, :3] <= high + 1e-9).all()
    np.testing.assert_array_equal(made[:, 3:], pose[:, 3:])
    small = np.clip(pose, -0.3, 0.3)
    np.testing.assert_array_equal(within_neck(small, np.zeros(6)), small)
