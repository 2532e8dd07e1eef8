import attrs
import numpy as np
import pytest

from talkgraph.nodes.pose_mapping.facts import speech_scale
from talkgraph.nodes.pose_mapping.train.corpus import example_of, loudness_of, target_of
from talkgraph.nodes.values import Speech, SpeechFeatures


def test_targets_are_relative_to_the_clip_and_scaled(toys):
    facts = toys.facts()
    target = target_of(toys.example("someone", seed=9), facts)
    np.testing.assert_allclose(target.expression.mean(0), 0.0, atol=1e-4)
    np.testing.assert_allclose(target.pose.mean(0), 0.0, atol=1e-4)
    assert 0.5 < target.expression.std() < 2.0
    assert 0.05 < target.closed.mean() < 0.12


def test_unmeasured_frames_move_no_mean(toys):
    clip = toys.example("someone", seed=9)
    measured = clip.measured.copy()
    measured[:30] = False
    expression = clip.expression.copy()
    expression[:30] = 100.0
    spoiled = attrs.evolve(clip, expression=expression, measured=measured)
    facts = toys.facts()
    clean = target_of(clip.part(30, 150), facts)
    np.testing.assert_allclose(target_of(spoiled, facts).offset, clean.offset, atol=1e-4)


def test_features_are_normalised_per_speech_and_short_ones_less(toys):
    facts = toys.facts()
    long, short = toys.features(2000).windows * 3 + 5, toys.features(3).windows * 3 + 5
    made = speech_scale(long, facts).apply(long)[:, 14]
    np.testing.assert_allclose(made.mean(0), 0.0, atol=0.2)
    np.testing.assert_allclose(made.std(0), 1.0, atol=0.1)
    scale = speech_scale(short, facts)
    assert (np.abs(scale.mean - facts.feature_mean) < 1.0).all()


@pytest.mark.parametrize("lag", range(-4, 5))
def test_shifting_pairs_sound_with_later_picture(toys, lag):
    clip = toys.example("someone", count=50)
    made = clip.shifted(lag)
    sound, picture = max(-lag, 0), max(lag, 0)
    assert len(made) == 50 - abs(lag)
    np.testing.assert_array_equal(made.features[3], clip.features[3 + sound])
    np.testing.assert_array_equal(made.expression[3], clip.expression[3 + picture])
    assert 3 + picture == 3 + sound + lag


def test_loudness_is_the_log_energy_of_whole_frames():
    samples = np.repeat(np.float32([0.5, 0.0, 0.25]), 640)[:-1]  # the last frame is not whole
    speech = Speech(samples=samples, rate=16000, soundtrack=samples[:, None], soundtrack_rate=16000)
    assert loudness_of(speech, 25.0) == pytest.approx(np.log([0.25 + 1e-8, 1e-8]), rel=1e-4)


def test_an_example_is_as_long_as_its_shortest_part(toys):
    clip = toys.example("someone", count=20)
    heard = SpeechFeatures(windows=clip.features[:18], fps=25.0)
    made = example_of(
        heard, toys.fit_of(clip), name="a", person="b", loudness=np.zeros(17, np.float32)
    )
    assert len(made) == len(made.features) == len(made.loudness) == 17
