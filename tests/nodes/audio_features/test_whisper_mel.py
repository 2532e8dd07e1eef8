import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.nodes.audio_features.whisper_mel import log_mel, mel_filters
from tests.models.speech_reference import SOUNDS, reference, some
from tests.nodes.audio_features.made_speech import RATE, noise


def test_filters_equal_the_published_ones():
    np.testing.assert_allclose(mel_filters()[:, ::8], reference()["filters"], atol=1e-8)


@pytest.mark.parametrize("name", SOUNDS)
def test_log_mel_equals_that_of_the_original_runtime(name):
    made = log_mel(SOUNDS[name])
    assert made.shape == (80, len(SOUNDS[name]) // 160) and made.dtype == np.float32
    np.testing.assert_allclose(some(made.T, 4), reference()[f"mel {name}"], atol=1e-4)


def test_a_tone_is_loudest_in_the_band_of_its_frequency():
    time = np.arange(RATE) / RATE
    for hz in (250, 1000, 3000, 6000):
        band = log_mel(np.sin(2 * np.pi * hz * time)).mean(1).argmax()
        middle = np.average(np.arange(201) * 40, weights=mel_filters()[band])
        assert abs(middle - hz) < 0.05 * hz + 20


def test_frames_are_ten_milliseconds_apart_and_centred():
    for frame in (3, 50, 97):
        click = np.zeros(RATE)
        click[160 * frame] = 0.5
        assert log_mel(click).sum(0).argmax() == frame


@settings(max_examples=20)
@given(st.floats(1e-3, 10))
def test_loudness_is_an_offset_above_the_floor(gain):
    quiet = log_mel(noise(0.3).samples)
    louder = log_mel(noise(0.3).samples * np.float32(gain))
    np.testing.assert_allclose(louder - quiet, np.log10(gain) / 2, atol=1e-4)


def test_silence_is_finite():
    assert (log_mel(np.zeros(3200)) == -1.5).all()
