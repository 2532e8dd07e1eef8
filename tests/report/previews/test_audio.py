import numpy as np
import pytest

from talkgraph.display import html
from talkgraph.nodes.values import SpeechFeatures, VoiceActivity


@pytest.mark.parametrize(
    ("shape", "told"), [((50, 28, 12), "28 rows of 12"), ((50, 1, 384), "one row of 384")]
)
def test_features_are_shown_as_a_picture(shape, told):
    windows = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    made = str(html(SpeechFeatures(windows=windows, fps=25.0)))
    assert told in made and "time to the right" in made


def test_features_of_a_clip_without_sound_are_none():
    made = str(html(SpeechFeatures(windows=np.zeros((0, 28, 12), np.float32), fps=25.0)))
    assert "<dd>0, one per video frame" in made and "time to the right" not in made


def test_voice_is_a_curve():
    probability = np.repeat([0.0, 1.0], 25).astype(np.float32)
    made = str(html(VoiceActivity(probability=probability, fps=25.0)))
    assert "50% of the time" in made and "How likely" in made
    none = str(html(VoiceActivity(probability=probability[:0], fps=25.0)))
    assert "<dd>0 at 25 fps" in none and "How likely" not in none
