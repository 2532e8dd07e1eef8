import numpy as np
import pytest

from talkgraph.nodes.prosody.pitch import track_pitch

RATE = 16000
TIMES = (np.arange(100) + 0.5) / 50


def voice(hertz, seed=0):
    """Pulses of a glottis through two formants; `hertz [shape=(n,)]` per sample."""
    phase = np.cumsum(hertz) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    sound = pulses
    for formant, width in ((600.0, 90.0), (1500.0, 120.0)):
        radius = np.exp(-np.pi * width / RATE)
        poles = [1.0, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2]
        from scipy.signal import lfilter

        sound = lfilter([1.0], poles, sound)
    return sound / np.abs(sound).max()


def glide(start, stop, count=2 * RATE):
    return np.geomspace(start, stop, count)


@pytest.mark.parametrize(("start", "stop"), [(90, 140), (180, 300), (420, 250), (70, 75)])
def test_a_gliding_voice_is_followed(start, stop):
    hertz = glide(start, stop)
    found = track_pitch(voice(hertz), RATE, TIMES)
    true = np.interp(TIMES, np.arange(len(hertz)) / RATE, hertz)
    voiced = found > 0
    assert voiced[3:-3].all()
    cents = 1200 * np.log2(found[voiced] / true[voiced])
    assert np.abs(cents).max() < 50


def test_in_noise_it_is_found_or_left_out_but_hardly_ever_wrong():
    hertz = glide(120, 180)
    clean = voice(hertz)
    noise = np.random.default_rng(0).standard_normal(len(clean)) * clean.std() / 10 ** (5 / 20)
    found = track_pitch(clean + noise, RATE, TIMES)
    true = np.interp(TIMES, np.arange(len(hertz)) / RATE, hertz)
    voiced = found > 0
    assert voiced.mean() > 0.8
    assert (np.abs(1200 * np.log2(found[voiced] / true[voiced])) > 100).mean() < 0.03


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(1).standard_normal(2 * RATE)
    assert (track_pitch(noise, RATE, TIMES) > 0).mean() < 0.03
    assert not track_pitch(np.zeros(2 * RATE), RATE, TIMES).any()


def test_the_level_does_not_matter():
    sound = voice(glide(100, 200))
    np.testing.assert_allclose(
        track_pitch(sound * 1e-3, RATE, TIMES), track_pitch(sound, RATE, TIMES), rtol=1e-6
    )


def test_nothing_and_little_sound():
    assert track_pitch(np.zeros(10), RATE, np.zeros(0)).shape == (0,)
    assert track_pitch(np.ones(10), RATE, np.array([0.01])).tolist() == [0.0]
    assert not track_pitch(np.zeros(0), RATE, TIMES).any()
