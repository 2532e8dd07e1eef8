"""A clip's pattern: the network's answer, whatever the clip's length and place."""

import attrs
import numpy as np
import pytest

from talkgraph.errors import InputError, ModelError
from talkgraph.models.head_pattern import PUBLISHED_FACTS, build_encoder
from talkgraph.models.sessions import open_session
from talkgraph.nodes.head_motion import EncodeHeadMotion
from talkgraph.nodes.head_motion.encode_head_motion import stretches
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.head_motion.pattern.train.onnx_file import save_network
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.prosody.prosody import prosody_of
from tests.models import published_networks as published
from tests.nodes.head_motion.pattern.swaying import PLACE, person, speech, sway

NODE = EncodeHeadMotion()


def test_a_pattern_says_how_and_where(networks):
    encoder, _ = networks
    made = NODE.run(person(seed=1), encoder)
    assert made.vector.shape == (10,) and made.vector.dtype == np.float32
    np.testing.assert_allclose(made.place, PLACE, atol=0.01)
    nearer = person(seed=1)
    moved = attrs.evolve(nearer.motion, translation=nearer.motion.translation + np.float32(0.4))
    again = NODE.run(attrs.evolve(nearer, motion=moved), encoder)
    np.testing.assert_allclose(again.vector, made.vector, atol=1e-4)
    np.testing.assert_allclose(again.place[3:], made.place[3:] + 0.4, atol=1e-5)


def test_people_who_sway_more_have_other_patterns(networks):
    encoder, _ = networks
    patterns = [[NODE.run(person(seed=s, size=z), encoder).vector for s in (50, 51, 52)]
                for z in (0.01, 0.3)]  # fmt: skip
    within = np.mean([np.linalg.norm(a - b) for group in patterns for a in group for b in group])
    across = np.mean([np.linalg.norm(a - b) for a in patterns[0] for b in patterns[1]])
    assert across > 2 * within


def test_a_longer_clip_gives_the_mean_of_stretches(networks):
    encoder, _ = networks
    whole = person(30.0, seed=2)
    made = NODE.run(whole, encoder, speech(30.0)).vector
    seen = seen_motion(whole, prosody_of(speech(30.0), 750, 25.0)).pose
    parts = stretches(seen, 300)
    own = (parts - parts.mean(1, keepdims=True)).astype(np.float32)  # each about its own mean
    (each,) = open_session(encoder.file).run(None, {"pose": own})
    np.testing.assert_allclose(made, each.mean(0), atol=1e-5)
    pose = sway(700, 3)
    parts = stretches(pose, 300)
    assert parts.shape == (4, 300, 6)
    assert np.array_equal(parts[0], pose[:300]) and np.array_equal(parts[-1], pose[400:])
    assert stretches(pose[:100], 300).shape == (1, 100, 6)
    assert stretches(pose[:300], 300).shape == (1, 300, 6)


def test_the_published_encoder_sees_300_raw_frames(tmp_path):
    shapes = published.lstm("pose_lstm", 6, size=8, layers=2) | published.layer("fc.0", 10, 32)
    weights = published.weights(shapes)
    encoder = save_network(build_encoder(weights, PUBLISHED_FACTS), tmp_path / "encoder.onnx")
    one = person(12.0, seed=4)
    seen = np.concatenate([one.motion.rotation, one.motion.translation], axis=1)
    (expected,) = open_session(encoder.file).run(None, {"pose": seen[None]})
    # Noise above 5 Hz is taken off before: hardly anything here.
    np.testing.assert_allclose(NODE.run(one, encoder).vector, expected[0], atol=0.02)


def test_too_little_motion_is_refused(networks):
    with pytest.raises(InputError, match=r"0\.4 s of head motion are too little for a pattern"):
        NODE.run(person(0.4), networks[0])


def test_another_network_is_refused(networks):
    mapping = LoadNetwork(name="general-mapping-mfcc").run()
    for wrong in (mapping, networks[1]):
        with pytest.raises(ModelError, match="port 'network': expected a head pattern encoder"):
            NODE.run(person(), wrong)
    unnamed = attrs.evolve(networks[0], facts={"kind": "something"})
    with pytest.raises(ModelError, match="is not a head pattern encoder"):
        NODE.run(person(), unnamed)
    bare = attrs.evolve(networks[0], facts={"kind": "head pattern encoder", "pose": "neck"})
    with pytest.raises(ModelError, match="are incomplete"):
        NODE.run(person(), bare)
