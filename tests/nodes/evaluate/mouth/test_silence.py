import numpy as np
import pytest

from talkgraph.nodes.evaluate.mouth.silence import (
    levels_db,
    movement,
    movement_in_silence,
    silent_frames,
)
from talkgraph.nodes.values import Speech

FPS, RATE = 25.0, 16000


def speech(*parts: tuple[float, float], noise_db: float = -120) -> Speech:
    """Seconds and amplitude of each part of a hum, in noise."""
    random = np.random.default_rng(0)
    sound = np.concatenate([np.full(round(s * RATE), a) for s, a in parts])
    sound = sound * np.sin(2 * np.pi * 200 * np.arange(len(sound)) / RATE)
    sound += 10 ** (noise_db / 20) * random.normal(size=len(sound))
    samples = sound.astype(np.float32)
    return Speech(samples=samples, rate=RATE, soundtrack=samples[:, None], soundtrack_rate=RATE)


def test_levels_are_those_of_a_sine_in_every_whole_frame():
    levels = levels_db(speech((1.0, 0.5), (0.99, 0.05)), FPS)
    assert len(levels) == 49
    assert levels[:24] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert levels[26:] == pytest.approx(20 * np.log10(0.05 / np.sqrt(2)), abs=0.05)
    assert levels_db(speech((1.0, 0.0), noise_db=-300), FPS).max() == pytest.approx(-100)


@pytest.mark.parametrize("noise", [-120, -60, -45])
def test_pauses_are_silent_in_clean_and_in_noisy_recordings(noise):
    sound = speech((1.0, 0.3), (0.6, 0.0), (1.0, 0.2), (0.12, 0.0), (1.0, 0.3), noise_db=noise)
    silent = silent_frames(levels_db(sound, FPS), FPS)
    assert silent[26:39].all()  # the pause of .6 s, but not the closure of .12 s
    assert silent.sum() <= 16


def test_loud_noise_leaves_no_silence_rather_than_a_wrong_one():
    sound = speech((1.0, 0.3), (0.6, 0.0), (1.0, 0.3), noise_db=-20)
    assert not silent_frames(levels_db(sound, FPS), FPS).any()
    assert silent_frames(np.zeros(0), FPS).shape == (0,)


def test_movement_is_the_mean_step_within_the_frames():
    series = np.array([0, 1, 3, 3, 2, 9.0])
    frames = np.array([1, 1, 1, 0, 1, 1], bool)
    assert movement(series, frames) == pytest.approx((1 + 2 + 7) / 3)
    assert movement(series, ~frames) == 0


def test_a_mouth_that_talks_on_in_silence_is_told():
    random = np.random.default_rng(1)
    silent = np.zeros(100, bool)
    silent[40:70] = True
    real = random.normal(size=100)
    real[40:70] *= 0.1
    made = 2 * real
    seen = np.ones(100, bool)
    assert movement_in_silence(made, real, silent, seen, FPS) == pytest.approx(2)
    assert movement_in_silence(np.zeros(100), real, silent, seen, FPS) == 0
    silent[45:] = False
    assert movement_in_silence(made, real, silent, seen, FPS) is None
