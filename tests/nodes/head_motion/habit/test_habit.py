import numpy as np
import pytest

from talkgraph.nodes.head_motion.habit.habit import Habit, habit_of, typical
from talkgraph.nodes.head_motion.habit.seen_motion import SeenMotion


def swaying(hertz=1.5, count=1000):
    time = np.arange(count)[:, None] / 25
    size = np.array([0.1, 0.2, 0.05, 0.01, 0.02, 0.03])
    return 0.3 + size * np.sin(2 * np.pi * hertz * time), size


def test_a_sine_has_the_moments_of_a_sine():
    pose, size = swaying()
    made = habit_of(SeenMotion(pose=pose, start=0, fps=25.0), None, 0.0, 0.07)
    np.testing.assert_allclose(made.mean, 0.3, atol=1e-6)
    np.testing.assert_allclose(made.std, size / np.sqrt(2), atol=2e-4)
    np.testing.assert_allclose(made.speed, 3 * np.pi * size / np.sqrt(2), rtol=0.03)
    np.testing.assert_allclose(made.high, size, rtol=0.02)
    np.testing.assert_allclose(made.low, -size, rtol=0.02)
    assert made.band_std.argmax(0).tolist() == [2] * 6  # 0.8 to 2.5 Hz
    assert made.coupling == 0.07
    wanted = [*np.log(made.std), *np.log(made.speed), 0.07]
    np.testing.assert_allclose(made.code, wanted)
    np.testing.assert_array_equal(made.at(np.ones(6)).mean, np.ones(6))


def test_the_typical_habit_is_between_people_and_follows_the_weights():
    habits = []
    for factor in (1.0, 4.0):
        pose, _ = swaying()
        seen = SeenMotion(pose=factor * pose, start=0, fps=25.0)
        habits.append(habit_of(seen, None, 1.0, factor))
    middle = typical(habits, np.ones(2))
    np.testing.assert_allclose(middle.std, np.sqrt(habits[0].std * habits[1].std))
    assert middle.coupling == 2.5 and not middle.mean.any()
    one = typical(habits, np.array([0.0, 3.0]))
    assert isinstance(one, Habit)
    np.testing.assert_allclose(one.band_std, habits[1].band_std)
    np.testing.assert_allclose(one.low, habits[1].low)
    assert one.coupling == pytest.approx(4.0)
