import numpy as np

from talkgraph.nodes.head_motion.flow.hearing import fitted, hearing_of, pairs
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.signals import correlation
from talkgraph.nodes.values import SpeechFeatures
from tests.nodes.head_motion.people import BINS, features, speech


def test_pairs_are_means_and_an_odd_frame_stays():
    assert pairs(np.array([1.0, 3, 5, 7, 9])).tolist() == [2, 6, 9]
    assert pairs(np.zeros((0, 2))).shape == (0, 2)


def test_fitted_cuts_or_holds():
    rows = np.arange(6.0).reshape(3, 2)
    assert fitted(rows, 2).tolist() == rows[:2].tolist()
    assert fitted(rows, 5).tolist() == [*rows.tolist(), [4, 5], [4, 5]]


def test_what_is_heard_does_not_depend_on_level_and_microphone():
    sound = speech(6.0)
    heard = features(sound)
    one = hearing_of(prosody_of(sound, 150, 25.0), heard, np.zeros(BINS), 0.0)
    quiet = speech(6.0)
    quiet.samples[:] = quiet.samples * 0.3
    coloured = SpeechFeatures(windows=heard.windows + np.arange(BINS, dtype=np.float32), fps=25.0)
    other = hearing_of(prosody_of(quiet, 150, 25.0), coloured, np.zeros(BINS), 0.0)
    np.testing.assert_allclose(other.features, one.features, atol=1e-4)
    for mine, theirs in zip(other.prosody.T, one.prosody.T, strict=True):
        assert correlation(mine, theirs) > 0.98  # but for the floor of the energy
    assert one.prosody.shape == (75, 5) and one.features.shape == (75, BINS)
    assert np.isfinite(one.prosody).all()


def test_of_a_short_speech_the_general_mean_is_taken_off():
    heard = SpeechFeatures(windows=np.full((50, 1, BINS), 3, np.float32), fps=25.0)
    made = hearing_of(prosody_of(speech(2.0), 50, 25.0), heard, np.ones(BINS), 50.0)
    np.testing.assert_allclose(made.features, 1.0)  # 3 less the mean of 3 and 1


def test_a_speech_is_heard_in_another_order():
    sound = speech(2.0)
    one = hearing_of(prosody_of(sound, 50, 25.0), features(sound), np.zeros(BINS), 0.0)
    again = one.at(np.array([3, 3, 0]))
    np.testing.assert_array_equal(again.prosody, one.prosody[[3, 3, 0]])
    assert len(again) == 3
