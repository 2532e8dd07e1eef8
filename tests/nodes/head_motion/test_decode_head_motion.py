"""A pattern and a speech give one motion, as long as the speech, about the head's place."""

import attrs
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.cli import samples
from talkgraph.errors import ModelError
from talkgraph.models.head_pattern import PUBLISHED_FACTS, build_decoder
from talkgraph.models.sessions import open_session
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.head_motion import DecodeHeadMotion
from talkgraph.nodes.head_motion.pattern import networks as at_run_time
from talkgraph.nodes.head_motion.pattern.networks import rows_of
from talkgraph.nodes.head_motion.pattern.train.onnx_file import save_network
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import HeadPattern, Speech, SpeechFeatures
from tests.models import published_networks as published
from tests.nodes.head_motion.pattern.swaying import PLACE, heard, person, speech

NODE = DecodeHeadMotion()
PATTERN = HeadPattern(vector=np.linspace(-1, 1, 10, dtype=np.float32), place=np.float32(PLACE))


def spoken(frames=200):
    return synthetic_fit(frames=frames).motion


def pose(motion):
    return neck_pose(motion.rotation, motion.translation)


def test_one_pattern_and_speech_give_one_motion(networks):
    motion, features = spoken(), heard()
    made, again = (NODE.run(motion, PATTERN, features, networks[1]) for _ in range(2))
    assert made.expression is motion.expression and made.fps == motion.fps
    assert np.array_equal(made.rotation, again.rotation)
    other = attrs.evolve(PATTERN, vector=-PATTERN.vector)
    assert not np.allclose(NODE.run(motion, other, features, networks[1]).rotation, made.rotation)
    said = NODE.run(motion, PATTERN, heard(seed=7), networks[1])
    assert not np.array_equal(said.rotation, made.rotation)


def test_the_head_is_held_where_the_person_holds_it(networks):
    features, decoder = heard(), networks[1]
    alone = pose(NODE.run(spoken(), PATTERN, features, decoder))
    who = person(seed=3)
    theirs = pose(NODE.run(spoken(), PATTERN, features, decoder, who))
    offset = pose(who.motion).mean(0) - PLACE
    np.testing.assert_allclose(theirs - alone, np.tile(offset, (200, 1)), atol=5e-3)


@pytest.mark.parametrize("frames", [1, 150, 200, 230])
def test_it_has_as_many_frames_as_the_face(networks, frames):
    made = NODE.run(spoken(frames), PATTERN, heard(), networks[1])
    assert made.rotation.shape == made.translation.shape == (frames, 3)
    assert np.isfinite(made.rotation).all()


def test_a_long_speech_in_parts_is_that_of_one_pass(networks, monkeypatch):
    features = heard(40.0)
    whole = pose(NODE.run(spoken(1000), PATTERN, features, networks[1]))
    monkeypatch.setattr(at_run_time, "LONGEST_S", 12.0)
    parts = pose(NODE.run(spoken(1000), PATTERN, features, networks[1]))
    np.testing.assert_allclose(parts, whole, atol=1e-5)


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 40))
def test_rows_are_those_that_the_windows_overlap_in(count, stride, more):
    rows = np.random.default_rng(count).normal(size=(stride * (count - 1) + stride + more, 3))
    length = stride + more
    windows = np.stack([rows[k * stride : k * stride + length] for k in range(count)])
    back = rows_of(windows.astype(np.float32), stride)
    assert np.array_equal(back, rows.astype(np.float32)[: len(back)])
    assert len(back) == stride * (count - 1) + length


def test_windows_of_mfcc_hold_the_rows_of_the_published_decoder(tmp_path):
    """Our one window per frame, put together again, is the input of one pass of the network."""
    shapes = {**published.lstm("audio_lstm", 13, size=8, layers=2),
              **published.layer("audio_frame_gather", 9, 8, 28),
              **published.layer("sfc.0.fc.0", 7, 19, 3), **published.norm("sfc.0.fc.1", 7),
              **published.layer("sfc.1", 6, 7, 1)}  # fmt: skip
    model = build_decoder(published.weights(shapes), PUBLISHED_FACTS)
    decoder = save_network(model, tmp_path / "decoder.onnx")
    features = Mfcc(keep_zeroth=True).run(speech(3.0))
    rows = rows_of(features.windows, 4)
    assert rows.shape == (4 * 74 + 28, 13)
    given_ = {"features": rows[None], "pattern": PATTERN.vector[None]}
    (expected,) = open_session(decoder.file).run(None, given_)
    made = NODE.run(spoken(75), PATTERN, features, decoder, person())  # absolute: no place is added
    np.testing.assert_allclose(made.rotation, expected[0, :, :3], atol=1e-5)
    np.testing.assert_allclose(made.translation, expected[0, :, 3:], atol=1e-5)


def test_other_features_and_networks_are_refused(networks):
    encoder, decoder = networks
    with pytest.raises(ModelError, match=r"needs 28 x 13 windows of 'mfcc' .* got 28 x 12"):
        NODE.run(spoken(), PATTERN, Mfcc().run(speech()), decoder)
    with pytest.raises(ModelError, match="port 'network': expected a head pattern decoder"):
        NODE.run(spoken(), PATTERN, heard(), encoder)


def wandering(seconds):
    """Features that change slowly and fast, as those of a real speech do."""
    count = round(25 * seconds)
    random = np.random.default_rng(0).standard_normal((4 * count + 24, 13))
    rows = sum(low_pass(random, hertz, 100.0) / hertz**0.5 for hertz in (0.1, 0.5, 1, 3))
    windows = np.stack([rows[4 * k : 4 * k + 28] for k in range(count)]).astype(np.float32)
    return SpeechFeatures(windows=60 * windows, fps=25.0)


def test_matched_motion_has_the_persons_size_and_range(networks):
    who, matching = person(12.0, seed=3, size=0.08), DecodeHeadMotion(matched=True)
    own = pose(who.motion)
    for seconds in (40.0, 12.0, 3.0, 0.2):
        features = wandering(seconds)
        motion = spoken(len(features.windows))
        made = pose(matching.run(motion, PATTERN, features, networks[1], who))
        assert len(made) == len(motion.expression)
        away = np.abs(made - own.mean(0)).max(0)
        assert (away <= 1.4 * np.abs(own - own.mean(0)).max(0)).all()
        if seconds > 10:
            ratio = made.std(0) / own.std(0)
            assert (ratio > 0.7).all() and (ratio < 1.3).all()
            plain = pose(NODE.run(motion, PATTERN, features, networks[1], who))
            assert (plain.std(0) < 0.5 * own.std(0)).all()


def test_without_a_clip_there_is_nothing_to_match(networks):
    args = (spoken(), PATTERN, heard(), networks[1])
    photo = synthetic_fit(frames=1)
    for who in (None, photo):
        matched = DecodeHeadMotion(matched=True).run(*args, who)
        assert np.array_equal(matched.rotation, NODE.run(*args, who).rotation)


def test_the_shipped_head_moves_with_speech_and_rests_in_silence():
    decoder = LoadNetwork(name="head-pattern-decoder").run()
    sound, rate = soundfile.read(samples.speech(), dtype="float32")
    moved = []
    for said in (sound, 0 * sound):
        one = Speech(samples=said, rate=rate, soundtrack=said[:, None], soundtrack_rate=rate)
        features = Mfcc(keep_zeroth=True).run(one)
        made = NODE.run(spoken(len(features.windows)), PATTERN, features, decoder)
        moved.append(np.rad2deg(made.rotation)[25:-25].std(0))
    assert moved[0].max() > 1.0
    assert (moved[1] < 0.2 * moved[0]).all()


def test_numbers_that_are_none_are_stopped():
    made = attrs.evolve(spoken(3), rotation=np.full((3, 3), np.nan, np.float32))
    assert NODE.is_finite(made) == "3 of 3 frames are not"
    assert not NODE.is_finite(spoken(3))
