import numpy as np
import pytest
from scipy.stats import kurtosis

from talkgraph.nodes.evaluate.head.stillness import held_share, still_share, velocity_kurtosis
from talkgraph.nodes.evaluate.head.talks import velocity
from tests.nodes.evaluate.head.made import FPS, swaying


def test_kurtosis_is_scipys_and_three_for_gaussian_swaying():
    pose = swaying(0, 20000)
    expected = kurtosis(velocity(pose, FPS)[:, :3], axis=0, fisher=False).mean()
    assert velocity_kurtosis(pose, FPS) == pytest.approx(expected)
    assert velocity_kurtosis(pose, FPS) == pytest.approx(3, abs=0.3)


def test_holding_still_and_moving_at_once_raises_both():
    pose = swaying(1, 4000)
    steps = np.diff(pose, axis=0)
    steps[np.arange(len(steps)) // 50 % 2 == 0] = 0
    held = np.concatenate([pose[:1], pose[:1] + np.cumsum(steps, axis=0)])
    assert still_share(held, FPS) == pytest.approx(0.5, abs=0.06)
    assert still_share(pose, FPS) < 0.15
    assert velocity_kurtosis(held, FPS) > velocity_kurtosis(pose, FPS) + 2
    turning = np.arange(100.0)[:, None] * np.ones(3)
    assert still_share(turning, FPS) == 0


def test_an_angle_that_steps_is_held_and_one_that_sways_is_not():
    time = np.arange(2000) / FPS
    sway = np.sin(2 * np.pi * 0.3 * time)
    steps = np.sign(np.sin(2 * np.pi * 0.1 * time))  # 5 s each
    assert held_share(np.stack([sway, steps, steps], axis=1), FPS) > 0.95
    assert held_share(np.stack([steps, sway, sway], axis=1), FPS) == 0
    assert held_share(np.stack([sway, steps, sway], axis=1), FPS) == pytest.approx(0.5, abs=0.03)
    assert held_share(np.zeros((100, 3)), FPS) in (0.0, 1.0)
    assert held_share(np.zeros((10, 3)), FPS) == 0
