import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.nodes.audio_features import LogMel, Mfcc, framing
from tests.nodes.audio_features.made_speech import RATE, noise, speech


def test_long_speech_in_blocks_equals_one_block(monkeypatch):
    given_speech = noise(7.3)
    whole = Mfcc().run(given_speech).windows
    monkeypatch.setattr(framing, "ROWS_PER_BLOCK", 37)
    np.testing.assert_allclose(Mfcc().run(given_speech).windows, whole, atol=1e-5)


@pytest.mark.parametrize("node", [Mfcc(), LogMel()])
@pytest.mark.parametrize("frame", [0, 7, 24])
def test_a_click_in_a_frame_shows_in_the_middle_of_its_window(node, frame):
    samples = np.zeros(RATE)
    samples[round((frame + 0.5) / 25 * RATE)] = 0.5
    made = node.run(speech(samples)).windows[frame]
    silence = node.run(speech(np.zeros(RATE))).windows[frame]
    rows = np.flatnonzero(np.abs(made - silence).max(axis=1) > 1e-3)
    # Row i is centred 10 i + 12.5 ms after the start of the window; the middle is at 147.5 ms.
    middle_s = rows.mean() * 0.010 + 0.0125 - 0.1475
    assert abs(middle_s) <= 0.0125
    assert len(rows) <= 3


def test_a_pad_of_127_5_ms_centres_exactly():
    """The offset of 7.5 ms that the docstring states is there, and has the stated sign."""

    def weighted_middle(pad):
        samples = np.zeros(RATE)
        samples[round(10.5 / 25 * RATE)] = 0.5
        made = LogMel(pad=pad, window=0.005, step=0.0025, rows=112).run(speech(samples)).windows[10]
        heard = made.max(axis=1) - made.min() > 1
        return np.flatnonzero(heard).mean() * 0.0025 + 0.0025

    span = 111 * 0.0025 + 0.005
    assert weighted_middle(0.120) < weighted_middle(0.1275)
    assert abs(weighted_middle(span / 2 - 0.02) - span / 2) < 0.0026


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1600, 40000),
    st.sampled_from([15.0, 24.0, 25.0, 29.97, 30.0, 50.0]),
)
def test_one_window_per_video_frame(samples, fps):
    made = Mfcc(fps=fps).run(speech(np.zeros(samples) + 0.01))
    assert len(made.windows) == round(fps * samples / RATE)
    assert made.fps == fps


def test_digital_silence_is_finite():
    for node in (Mfcc(), Mfcc(keep_zeroth=True), LogMel()):
        assert np.isfinite(node.run(speech(np.zeros(8000))).windows).all()


def test_a_clip_without_sound_has_no_windows():
    for node in (Mfcc(), Mfcc(keep_zeroth=True), LogMel()):
        made = node.run(None)
        some = node.run(noise(0.5))
        assert made.windows.shape == (0, *some.windows.shape[1:]) and made.fps == some.fps
        assert made.windows.dtype == some.windows.dtype
