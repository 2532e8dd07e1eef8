import attrs
import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.audio_features import SpeechEncoder
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapExpression
from talkgraph.nodes.values import Motion
from tests.models.speech_reference import SOUNDS
from tests.nodes.audio_features.made_speech import RATE, speech


@pytest.fixture(scope="module")
def mapping(toys, tmp_path_factory):
    return toys.expression_mapping(tmp_path_factory.mktemp("mapping"))[1]


def test_the_face_of_a_clip_moves_and_its_head_stands_at_its_mean(toys, mapping):
    clip = toys.example("someone", count=200, seed=3)
    made = MapExpression().run(toys.encoded(90, seed=7), mapping, toys.fit_of(clip))
    assert made.expression.shape == (90, 64) and made.expression.dtype == np.float32
    assert made.rotation.shape == made.translation.shape == (90, 3) and made.fps == 25.0
    pose = np.concatenate([made.rotation, made.translation], 1)
    np.testing.assert_allclose(pose, np.repeat(clip.pose.mean(0)[None], 90, 0), atol=1e-5)
    assert np.median(np.abs(made.expression.mean(0) - clip.expression.mean(0))) < 0.3


def test_lips_touch_and_do_not_cross(toys, mapping):
    readout = toys.expression_facts().readout
    clip = toys.example("someone", count=200, seed=3)
    opening = readout.of(clip.expression)[:, 0]
    made = MapExpression().run(toys.encoded(400, seed=7), mapping, toys.fit_of(clip))
    assert readout.of(made.expression)[:, 0].min() > np.percentile(opening, 2) - 0.2 * opening.std()


@pytest.mark.parametrize("frames", [1, 200])
def test_without_the_persons_movement_it_is_the_general_one(toys, mapping, frames):
    photo = toys.fit_of(toys.example("someone", count=200, seed=3).part(0, frames))
    for person in (photo, None):
        made = MapExpression().run(toys.encoded(30), mapping, person)
        assert np.isfinite(made.expression).all() and not np.ptp(made.rotation, axis=0).any()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_speech(toys, mapping, count):
    made = MapExpression().run(toys.encoded(count), mapping)
    assert made.expression.shape == (count, 64) and np.isfinite(made.expression).all()


def test_a_mapping_of_another_kind_is_refused_at_its_port(toys, tmp_path):
    _, motion = toys.mapping(tmp_path)
    with pytest.raises(ModelError, match="'map_expression', port 'mapping': expected a speech-to-"):
        MapExpression().run(toys.encoded(5), motion)


def test_motion_that_is_not_finite_is_told_by_a_check():
    still = np.zeros((3, 3), np.float32)
    motion = Motion(expression=np.zeros((3, 64), np.float32), rotation=still, translation=still,
                    fps=25.0)  # fmt: skip
    assert MapExpression().is_finite(motion) == ""
    bad = motion.expression.copy()
    bad[2, 5] = np.nan
    assert (
        MapExpression().is_finite(attrs.evolve(motion, expression=bad)) == "1 of 3 frames are not"
    )


@pytest.mark.parametrize(("node", "ahead"), [({}, 6.0), ({"look_ahead": 0.2, "window": 2.0}, 0.2)])
def test_a_speech_that_still_arrives_moves_the_face_as_the_whole_of_it(node, ahead):
    """Up to what the features hear ahead, and the network's four frames."""
    encoder, shipped = (
        LoadNetwork(name=name).run()
        for name in ("speech-encoder-tiny", "general-mapping-speech-encoder")
    )
    sound = np.resize(max(SOUNDS.values(), key=len), 14 * RATE)

    def moved(seconds):
        features = SpeechEncoder(**node).run(speech(sound[: seconds * RATE]), encoder)
        return MapExpression().run(features, shipped).expression

    whole, part = moved(14), moved(11)
    same = round((11 - ahead) * 25) - 4
    np.testing.assert_allclose(part[:same], whole[:same], atol=2e-4)
    assert np.abs(part[same:] - whole[same : len(part)]).max() > 0.01
