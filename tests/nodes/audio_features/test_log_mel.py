import numpy as np

from talkgraph.nodes.audio_features import LogMel
from tests.nodes.audio_features.made_speech import noise, reference_rows


def test_log_mel_equals_python_speech_features():
    given_speech = noise(1.0)
    made = LogMel(floor=1e-16).run(given_speech).windows
    rows = reference_rows(given_speech.samples, bins=40)
    assert made.shape == (25, 28, 40)
    inside = rows[40 + np.arange(28)]  # rows without a digitally silent sample
    np.testing.assert_allclose(made[10], inside, rtol=1e-5)
