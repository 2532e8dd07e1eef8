import numpy as np
import pytest

from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.values import Speech

RATE = 16000


def speech(samples):
    sound = np.asarray(samples, np.float32)
    return Speech(samples=sound, rate=RATE, soundtrack=sound[:, None], soundtrack_rate=RATE)


def test_energy_is_the_log_of_each_frames_mean_square():
    random = np.random.default_rng(0)
    sound = random.standard_normal(RATE) * np.repeat(np.geomspace(1e-3, 1, 25), 640)
    made = prosody_of(speech(sound), 25, 25.0)
    wanted = np.log((sound.astype(np.float32).reshape(25, 640).astype(float) ** 2).mean(1) + 1e-8)
    np.testing.assert_allclose(made.energy, wanted, atol=1e-4)
    assert made.active.tolist() == (wanted > np.percentile(wanted, 95) - np.log(1000)).tolist()


@pytest.mark.parametrize("count", [30, 20])
def test_beyond_the_sound_is_silence_and_what_is_left_over_is_not_heard(count):
    made = prosody_of(speech(np.sin(np.arange(RATE) / 9)), count, 25.0)
    assert len(made.energy) == len(made.active) == len(made.pitch) == len(made.voiced) == count
    assert made.voiced[:20].mean() > 0.9 and not made.voiced[26:].any()
    np.testing.assert_allclose(made.energy[:20], np.log(0.5), atol=0.1)
    np.testing.assert_allclose(made.energy[25:], np.log(1e-8), atol=1e-3)


def test_pitch_is_standardised_over_what_is_voiced():
    time = np.arange(2 * RATE) / RATE
    hertz = 150 * 2 ** (0.5 * np.sin(2 * np.pi * time))
    sound = np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * (time < 1.6)
    made = prosody_of(speech(sound), 50, 25.0)
    assert made.voiced[:38].all() and not made.voiced[42:].any()
    assert np.all(made.pitch[~made.voiced] == 0)
    np.testing.assert_allclose(made.pitch[made.voiced].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(made.pitch[made.voiced].std(), 1, atol=1e-5)
    assert made.pitch[6] > 1 and made.pitch[18] < -1


def test_a_hum_is_no_melody():
    made = prosody_of(speech(np.sin(np.arange(RATE) / 20)), 25, 25.0)
    assert np.abs(made.pitch).max() < 0.5


def test_other_rates_and_no_sound():
    assert prosody_of(speech(np.zeros(0)), 3, 30.0).energy.shape == (3,)
    assert prosody_of(speech(np.ones(777)), 0, 25.0).pitch.shape == (0,)
