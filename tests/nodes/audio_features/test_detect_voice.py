"""The detector against its own package, in pieces, at other rates, and on real sound."""

import importlib.util

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph import models
from talkgraph.errors import InputError, ModelError
from talkgraph.nodes.audio_features import DetectVoice
from talkgraph.nodes.audio_features.detect_voice import CHUNK
from talkgraph.nodes.networks import LoadNetwork
from tests.nodes.audio_features.made_speech import RATE, noise, speech
from tests.places import DATA

CHUNKS = RATE / CHUNK  # per second: at this rate a video frame is a chunk


def _script():
    name = "voice_activity_reference"
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


SOUNDS = _script().sounds()


@pytest.fixture(scope="module")
def silero():
    return LoadNetwork(name="voice-activity").run()


@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_what_the_package_of_the_detector_says(silero, name):
    with np.load(DATA / "voice_activity_reference.npz") as file:
        wanted = file[name]
    made = DetectVoice(fps=CHUNKS).run(speech(SOUNDS[name]), silero).probability
    assert abs(len(made) - len(wanted)) <= 1  # of a last chunk that is hardly begun
    np.testing.assert_allclose(made, wanted[: len(made)], atol=1e-5)


@pytest.mark.parametrize("block", [1, 7, 100])
def test_it_is_the_same_in_pieces(silero, block):
    whole = DetectVoice().run(speech(SOUNDS["paused"]), silero)
    made = DetectVoice(block=block).run(speech(SOUNDS["paused"]), silero)
    np.testing.assert_allclose(made.probability, whole.probability, atol=1e-6)


@settings(max_examples=30)
@given(st.integers(560, 60000), st.sampled_from([15.0, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0]))
def test_one_probability_per_video_frame(silero, samples, fps):
    made = DetectVoice(fps=fps).run(speech(SOUNDS["paused"][:samples]), silero)
    assert made.probability.shape == (round(fps * samples / RATE),) and made.fps == fps
    assert (made.probability >= 0).all() and (made.probability <= 1).all()


def test_a_speech_that_still_arrives_gives_what_the_whole_gives(silero):
    sound = SOUNDS["paused"]
    whole = DetectVoice().run(speech(sound), silero).probability
    so_far = DetectVoice().run(speech(sound[: 3 * RATE]), silero).probability
    certain = len(so_far) - 2  # the end of the last chunk is not there yet
    np.testing.assert_allclose(so_far[:certain], whole[:certain], atol=1e-6)


def test_pauses_noise_and_tones_are_no_voice(silero):
    made = {
        name: DetectVoice().run(speech(one), silero).probability for name, one in SOUNDS.items()
    }
    assert made["paused"][:25].max() < 0.1 and made["paused"][25:75].mean() > 0.7
    assert made["paused"][85:99].max() < 0.1 and made["paused"][100:].mean() > 0.7
    assert made["noise"].max() < 0.2 and made["chord"].max() < 0.2
    for loud in (np.zeros(2 * RATE), np.ones(2 * RATE), noise(2).samples * 1e-4):
        assert DetectVoice().run(speech(loud), silero).probability.max() < 0.3


def test_a_clip_without_sound_has_none(silero):
    assert DetectVoice().run(None, silero).probability.shape == (0,)


def test_too_short_a_speech_and_another_network_are_refused(silero):
    with pytest.raises(InputError, match="longer recording"):
        DetectVoice().run(speech(np.zeros(100)), silero)
    with pytest.raises(ModelError, match="port 'network': expected a voice activity detector"):
        DetectVoice().run(noise(1), LoadNetwork(name="general-mapping-mfcc").run())


def test_the_shipped_file_is_the_published_one():
    facts = models.facts("voice-activity")
    assert facts["licence"].startswith("MIT")
    models.check_onnx(models.path("voice-activity"))
