"""The published mapping in a graph: its own coefficients, in pieces as in one go."""

import attrs
import numpy as np
import onnx
import pytest

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.published.audio2coeff_2020 import build, shapes
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapCoefficients
from talkgraph.nodes.values import OnnxModel, Speech, SpeechFeatures
from tests.models import published_networks as published


@pytest.fixture(scope="module")
def mapping(tmp_path_factory):
    path = tmp_path_factory.mktemp("mapping") / "audio2coeff.onnx"
    onnx.save(build(published.weights(shapes()), {}), str(path))
    return OnnxModel(file=File(path), facts={})


@pytest.mark.parametrize("chunk", [1, 4, 250])
def test_its_coefficients_are_the_published_ones(mapping, chunk):
    mfcc = 10 * published.normal("yi2020_audio2coeff:mfcc", 2, 6, 28, 12)
    known = published.known_2020("audio2coeff")["coefficients"]
    for windows, expected in zip(mfcc, known, strict=True):
        features = SpeechFeatures(windows=windows, fps=25.0)
        motion = MapCoefficients(chunk=chunk).run(features, mapping)
        assert np.abs(motion.expression - expected[:, :64]).max() < 1e-5
        assert np.abs(motion.rotation - expected[:, 64:67]).max() < 1e-5
        assert np.abs(motion.translation - expected[:, 67:] - [0, 0, 0.5]).max() < 1e-5


def test_mfcc_gives_the_features_that_the_published_network_was_trained_on():
    known = published.known_2020("mfcc")
    samples = (known["wave_int16"] / 32768).astype(np.float32)
    speech = Speech(samples=samples, rate=16000, soundtrack=samples[:, None],
                    soundtrack_rate=16000)  # fmt: skip
    windows = Mfcc().run(speech).windows
    assert len(windows) == 38  # theirs are one short
    assert np.abs(windows[:37:9] - known["windows"]).max() < 1e-4


def test_other_features_and_other_networks_are_refused(mapping):
    features = SpeechFeatures(windows=np.zeros((3, 28, 13), np.float32), fps=25.0)
    with pytest.raises(ModelError, match="needs 28 x 12 windows of 'mfcc' at 25 fps and got 28 x"):
        MapCoefficients().run(features, mapping)
    slower = attrs.evolve(features, windows=np.zeros((3, 28, 12), np.float32), fps=30.0)
    with pytest.raises(ModelError, match="at 30 fps; use Mfcc"):
        MapCoefficients().run(slower, mapping)
    other = LoadNetwork(name="general-mapping-mfcc").run()
    with pytest.raises(ModelError, match="port 'mapping': expected a speech-to-coefficients"):
        MapCoefficients().run(features, other)
