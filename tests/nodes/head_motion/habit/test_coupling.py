import numpy as np
import pytest

from talkgraph.nodes.head_motion.habit.coupling import (
    coupling_of,
    log_speed,
    relative_energy,
    smooth,
)
from talkgraph.nodes.prosody.prosody import Prosody


def heard(energy, active=None):
    energy = np.asarray(energy, np.float32)
    zeros = np.zeros(len(energy), np.float32)
    active = np.ones(len(energy), bool) if active is None else active
    return Prosody(energy=energy, active=active, pitch=zeros, voiced=active)


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.4])
def test_the_slope_that_was_put_in_comes_out(slope):
    random = np.random.default_rng(0)
    energy = smooth(random.standard_normal(2000), 8.0) * 8
    speed = slope * energy + 0.2 * random.standard_normal(2000) - 1
    assert coupling_of(smooth(speed, 3.0), energy) == pytest.approx(slope, abs=0.06)


def test_nothing_can_be_told_of_a_monotone():
    assert coupling_of(np.random.default_rng(0).standard_normal(50), np.ones(50)) == 0.0


def test_log_speed_is_that_of_the_angles_alone():
    pose = np.zeros((50, 6))
    pose[:, :3] = np.arange(50)[:, None] / 25 * np.array([0.2, 0.1, 0.2])  # 0.3 rad/s
    pose[:, 3:] = np.random.default_rng(0).standard_normal((50, 3))
    np.testing.assert_allclose(log_speed(pose, 25.0), np.log(0.3 + np.radians(0.3)))
    assert log_speed(pose[:1], 25.0).shape == (1,)


def test_energy_is_relative_to_what_is_spoken_and_silence_is_no_abyss():
    energy = np.where(np.arange(400) < 200, -18.0, np.sin(np.arange(400) / 20))
    made = relative_energy(heard(energy, np.arange(400) >= 200), 1.0)
    assert made[:190].max() == -4.0
    spoken = energy[200:]
    wanted = (spoken - spoken.mean()) / (spoken.std() + 0.3)
    np.testing.assert_allclose(made[210:], wanted[10:], atol=0.15)
