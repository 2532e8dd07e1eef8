import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.errors import InputError
from talkgraph.nodes.audio_features import Mfcc
from tests.nodes.audio_features.made_speech import noise, reference_rows, speech


@pytest.mark.parametrize("seconds", [0.5, 3.01])
def test_mfcc_equals_python_speech_features(seconds):
    given_speech = noise(seconds)
    made = Mfcc().run(given_speech).windows
    rows = reference_rows(given_speech.samples)
    assert made.shape == (round(25 * seconds), 28, 12)
    assert made.dtype == np.float32
    for k in (0, 5, len(made) - 1):
        np.testing.assert_allclose(made[k], rows[4 * k : 4 * k + 28], atol=1e-3)


@settings(deadline=None, max_examples=10)
@given(st.floats(0.01, 10.0))
def test_cepstrum_does_not_hear_loudness(gain):
    quiet = noise(0.4)
    made = Mfcc().run(speech(quiet.samples * gain)).windows
    np.testing.assert_allclose(made[5], Mfcc().run(quiet).windows[5], atol=2e-3)


def test_speech_shorter_than_a_frame_is_refused():
    with pytest.raises(InputError, match="longer recording"):
        Mfcc().run(speech(np.zeros(100)))
