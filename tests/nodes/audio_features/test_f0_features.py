"""The 41 features of Audio2Head: those of the public implementation, and pitch of known voices."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.errors import InputError
from talkgraph.nodes.audio_features import F0Features
from talkgraph.nodes.audio_features.f0_features import spectral_rows, without_gaps
from tests.models.audio2head.reference import known
from tests.nodes.audio_features.made_speech import RATE, noise, speech
from tests.nodes.prosody.test_pitch import glide, voice

KNOWN = known("audio_features")
SOUND = KNOWN["wave_int16"].astype(np.float32) / 32768


def test_the_spectrum_is_that_of_the_public_implementation():
    rows = F0Features().rows(SOUND)
    assert rows.shape == KNOWN["features"].shape
    np.testing.assert_allclose(rows[:, :39], KNOWN["features"][:, :39], atol=1e-4)


def test_pitch_agrees_with_worlds_harvest_where_both_hear_one():
    rows = F0Features().rows(SOUND)
    hertz = rows[:, 39] * rows[:, 40]
    harvest = KNOWN["f0_harvest"][: len(rows)]
    both = (hertz > 0) & (harvest > 0)
    cents = np.abs(1200 * np.log2(hertz[both] / harvest[both]))
    assert both.mean() > 0.6
    assert np.median(cents) < 5 and (cents > 50).mean() < 0.05


def test_gaps_are_filled_as_published():
    for given_f0, filled in zip(KNOWN["gap_f0"], KNOWN["gap_filled"], strict=True):
        np.testing.assert_allclose(without_gaps(given_f0.astype(float)), filled, atol=1e-4)


@settings(max_examples=50)
@given(st.lists(st.one_of(st.just(0.0), st.floats(71, 450)), min_size=1, max_size=30))
def test_filling_keeps_what_is_there_and_stays_within_it(hertz):
    hertz = np.array(hertz)
    filled = without_gaps(hertz)
    there = hertz > 0
    np.testing.assert_array_equal(filled[there], hertz[there])
    if there.any():
        assert filled.min() >= hertz[there].min() and filled.max() <= hertz[there].max() + 1e-9
    else:
        assert not filled.any()


@pytest.mark.parametrize(("start", "stop"), [(90, 140), (180, 300), (420, 250)])
def test_the_pitch_of_a_gliding_voice(start, stop):
    hertz = glide(start, stop)
    windows = F0Features().run(speech(0.3 * voice(hertz))).windows
    assert windows.shape == (50, 4, 41)
    rows = windows.reshape(200, 41)[5:-5]
    true = hertz[np.arange(5, 195) * (RATE // 100)]
    assert rows[:, 40].all()
    assert np.abs(1200 * np.log2(rows[:, 39] / true)).max() < 50


def test_a_pitch_out_of_range_is_none():
    windows = F0Features(lowest=150).run(speech(voice(glide(90, 100)))).windows
    assert not windows[..., 39:].any()


def test_loudness_and_offset_are_not_heard():
    quiet = noise(0.5).samples
    one, other = (F0Features().rows(x)[:, :39] for x in (quiet, 0.01 * quiet + 0.2))
    np.testing.assert_allclose(one, other, atol=1e-2)


def test_blocks_join_without_a_seam(monkeypatch):
    sound = noise(1.0).samples.astype(np.float64)
    whole = spectral_rows(sound)
    monkeypatch.setattr("talkgraph.nodes.audio_features.f0_features.ROWS_PER_BLOCK", 7)
    np.testing.assert_array_equal(spectral_rows(sound), whole)


def test_there_is_a_window_per_frame_and_zeros_beyond_the_end():
    windows = F0Features().run(speech(SOUND)).windows
    assert windows.shape == (38, 4, 41)  # 1.5 s
    assert not windows[37, 1:].any() and windows[37, 0].any()  # 149 rows
    assert len(F0Features().run(None).windows) == 0
    with pytest.raises(InputError, match="longer recording"):
        F0Features().run(speech(np.zeros(100)))


def test_silence_has_finite_features():
    windows = F0Features().run(speech(np.zeros(RATE))).windows
    assert np.isfinite(windows).all() and not windows[..., 39:].any()
