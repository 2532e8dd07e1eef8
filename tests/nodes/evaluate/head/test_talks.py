import numpy as np
import pytest

from talkgraph.nodes.evaluate.head.talks import head_curves, speed, velocity
from tests.nodes.evaluate.head.made import FPS, talk


def test_curves_are_in_degrees_with_gaps_bridged_and_noise_taken_off():
    t = np.arange(250) / FPS
    slow = np.zeros((250, 6))
    slow[:, 0] = 0.1 * np.sin(2 * np.pi * 0.5 * t)
    slow[:, 3] = 0.2
    noisy = slow.copy()
    noisy[:, 0] += 0.01 * np.sin(2 * np.pi * 11 * t)
    measured = np.ones(250, bool)
    measured[100:103] = False
    noisy[100:103] = 9
    found = head_curves(noisy, measured, FPS)
    assert found[20:-20, 0] == pytest.approx(np.rad2deg(slow[20:-20, 0]), abs=0.35)
    assert found[:, 3] == pytest.approx(0.2, abs=1e-6)
    assert np.isfinite(head_curves(slow, ~np.ones(250, bool), FPS)).all()


def test_half_of_the_power_is_left_at_five_hertz():
    t = np.arange(1000) / FPS
    pose = np.zeros((1000, 6))
    pose[:, 1] = np.sin(2 * np.pi * 5 * t)
    found = head_curves(pose, np.ones(1000, bool), FPS)[100:-100, 1]
    assert found.std() / np.rad2deg(pose[:, 1]).std() == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_speed_is_the_length_of_the_angular_velocity():
    pose = np.zeros((50, 6))
    pose[:, 0], pose[:, 1] = 3 * np.arange(50) / FPS, 4 * np.arange(50) / FPS
    pose[:, 5] = 100 * np.arange(50)
    assert speed(pose, FPS) == pytest.approx(5)
    assert velocity(pose, FPS)[:, 5] == pytest.approx(2500)


def test_silent_ends_are_cut_off():
    whole = talk(0)
    part = whole.spoken()
    at = np.flatnonzero(whole.active)
    assert len(part) == at[-1] - at[0] + 1 + 10
    assert part.active[5] and not part.active[4]
    assert np.array_equal(part.pose, whole.pose[at[0] - 5 : at[-1] + 6])
    mute = whole.part(0, 10)
    assert len(mute.spoken()) == 10
    hardly = whole.part(at[0] - 15, at[0] + 5)
    assert len(hardly.spoken()) == 20  # not ten frames, of which nothing can be said
