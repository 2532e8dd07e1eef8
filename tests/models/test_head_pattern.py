"""The networks of Yi et al. 2022: outputs of the public implementation, and refusals."""

import numpy as np
import onnxruntime
import pytest

from talkgraph.errors import ModelError
from talkgraph.models.head_pattern import PUBLISHED_FACTS, build_decoder, build_encoder
from tests.models import published_networks as published

KNOWN = np.load(published.REFERENCE)
SMALL = {
    **published.lstm("audio_lstm", 13, size=8, layers=1),
    **published.layer("audio_frame_gather", 12, 8, 28),
    **published.layer("sfc.0.fc.0", 9, 12 + 10, 3), **published.norm("sfc.0.fc.1", 9),
    **published.layer("sfc.1", 6, 9, 1),
}  # fmt: skip


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString())


def test_the_encoder_gives_what_the_public_one_gives():
    weights = published.weights(published.ENCODER)
    assert sum(w.size for w in weights.values()) == 1_760_042
    net = session(build_encoder(weights, PUBLISHED_FACTS))
    pose = published.normal("yi2022_pattern_encoder:pose", 2, 300, 6)
    (pattern,) = net.run(["pattern"], {"pose": pose})
    assert np.abs(pattern - KNOWN["pattern"]).max() < 1e-4
    assert net.run(["pattern"], {"pose": pose[:1, :77]})[0].shape == (1, 10)  # any length


def test_the_decoder_gives_what_the_public_one_gives():
    weights = published.weights(published.DECODER)
    assert sum(w.size for w in weights.values() if w.ndim) == 10_658_054
    net = session(build_decoder(weights, PUBLISHED_FACTS))
    given = {
        "features": published.normal("yi2022_pose_decoder:mfcc", 2, 61, 13),
        "pattern": published.normal("yi2022_pose_decoder:pattern", 2, 10),
    }
    (pose,) = net.run(["pose"], given)
    assert np.abs(pose - KNOWN["pose"]).max() < 1e-4


def test_widths_and_scales_come_from_the_weights():
    weights = published.weights(SMALL)
    units = {"pose_scale": np.full(6, 3, np.float32), "feature_scale": np.full(13, 2, np.float32)}
    plain, scaled = (session(build_decoder(w, {})) for w in (weights, weights | units))
    features, pattern = published.normal("x", 1, 44, 13), published.normal("y", 1, 10)
    (a,) = plain.run(None, {"features": features / 2, "pattern": pattern})
    (b,) = scaled.run(None, {"features": features, "pattern": pattern})
    assert a.shape == (1, 5, 6)
    assert np.allclose(3 * a, b, atol=1e-6)


@pytest.mark.parametrize("missing", ["audio_lstm.bias_hh_l0", "sfc.1.weight", "sfc.0.fc.1.bias"])
def test_other_weights_are_refused(missing):
    weights = published.weights(SMALL)
    weights.pop(missing)
    with pytest.raises(ModelError, match=f"'{missing}' is missing or of another shape"):
        build_decoder(weights, {})
