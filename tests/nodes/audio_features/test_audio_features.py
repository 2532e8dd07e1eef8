import hypothesis.strategies as st
import numpy as np
import pytest
import python_speech_features
from hypothesis import given, settings

from talkgraph.errors import InputError
from talkgraph.nodes.audio_features import ClipFeatures, LogMel, Mfcc, framing
from talkgraph.nodes.values import Speech

RATE = 16000


def speech(samples) -> Speech:
    samples = np.asarray(samples, np.float32)
    return Speech(samples=samples, rate=RATE, soundtrack=samples[:, None], soundtrack_rate=RATE)


def noise(seconds: float, seed: int = 0) -> Speech:
    return speech(0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)))


def reference_rows(samples, *, bins: int = 0):
    """The published recipe: 1920 zeros at both ends, one call for the whole signal."""
    padded = np.concatenate([np.zeros(1920), samples, np.zeros(8000)])
    if bins:
        return python_speech_features.logfbank(padded, RATE, nfilt=bins)
    return python_speech_features.mfcc(padded, RATE)[:, 1:]


@pytest.mark.parametrize("seconds", [0.5, 3.01])
def test_mfcc_equals_python_speech_features(seconds):
    given_speech = noise(seconds)
    made = Mfcc().run(given_speech).windows
    rows = reference_rows(given_speech.samples)
    assert made.shape == (round(25 * seconds), 28, 12)
    assert made.dtype == np.float32
    for k in (0, 5, len(made) - 1):
        np.testing.assert_allclose(made[k], rows[4 * k : 4 * k + 28], atol=1e-3)


def test_log_mel_equals_python_speech_features():
    given_speech = noise(1.0)
    made = LogMel(floor=1e-16).run(given_speech).windows
    rows = reference_rows(given_speech.samples, bins=40)
    assert made.shape == (25, 28, 40)
    inside = rows[40 + np.arange(28)]  # rows without a digitally silent sample
    np.testing.assert_allclose(made[10], inside, rtol=1e-5)


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


@settings(deadline=None, max_examples=10)
@given(st.floats(0.01, 10.0))
def test_cepstrum_does_not_hear_loudness(gain):
    quiet = noise(0.4)
    made = Mfcc().run(speech(quiet.samples * gain)).windows
    np.testing.assert_allclose(made[5], Mfcc().run(quiet).windows[5], atol=2e-3)


def test_digital_silence_is_finite():
    for node in (Mfcc(), Mfcc(keep_zeroth=True), LogMel()):
        assert np.isfinite(node.run(speech(np.zeros(8000))).windows).all()


def test_speech_shorter_than_a_frame_is_refused():
    with pytest.raises(InputError, match="longer recording"):
        Mfcc().run(speech(np.zeros(100)))


def test_clip_features_are_those_of_the_named_node_and_none_for_silence():
    given_speech = noise(0.5)
    for name, named in (("mfcc", Mfcc()), ("log_mel", LogMel())):
        made = ClipFeatures(feature=name).run(given_speech)
        assert made is not None
        np.testing.assert_array_equal(made.windows, named.run(given_speech).windows)
    assert ClipFeatures().run(None) is None
