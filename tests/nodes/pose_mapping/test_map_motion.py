import attrs
import numpy as np
import pytest

from talkgraph.nodes.pose_mapping import MapMotion
from talkgraph.nodes.values import Motion


def test_motion_of_a_clip(toys, tmp_path):
    _, mapping = toys.mapping(tmp_path)
    clip = toys.example("someone", count=200, seed=3)
    person = toys.fit_of(clip)
    made = MapMotion().run(toys.features(90, seed=7), mapping, person)
    assert made.expression.shape == (90, 64) and made.rotation.shape == (90, 3)
    assert made.translation.shape == (90, 3) and made.fps == 25.0
    assert made.expression.dtype == made.rotation.dtype == np.float32
    low, high = np.percentile(clip.pose, [1, 99], axis=0)
    pose = np.concatenate([made.rotation, made.translation], 1)
    assert (pose >= low - 1e-5).all() and (pose <= high + 1e-5).all()
    distance = np.abs(made.expression.mean(0) - clip.expression.mean(0))
    assert np.median(distance) < 0.3


def test_motion_of_a_photo_moves_around_its_pose(toys, tmp_path):
    _, mapping = toys.mapping(tmp_path)
    photo = toys.fit_of(toys.example("someone", count=200, seed=3).part(17, 18))
    made = MapMotion().run(toys.features(250, seed=7), mapping, photo)
    facts = toys.facts()
    reach = 2.0 * facts.pose_std[:3]
    assert (np.abs(made.rotation - photo.motion.rotation) <= reach + 1e-5).all()
    assert (made.rotation.std(0) > 0).all()


def test_without_a_person_the_mean_face_moves(toys, tmp_path):
    _, mapping = toys.mapping(tmp_path)
    made = MapMotion().run(toys.features(30), mapping)
    assert np.isfinite(made.expression).all()
    np.testing.assert_allclose(made.rotation.mean(0), 0.0, atol=0.05)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_the_result_does_not_depend_on_the_chunks(toys, tmp_path, chunk):
    _, mapping = toys.mapping(tmp_path)
    person = toys.fit_of(toys.example("someone", count=100, seed=3))
    heard = toys.features(130, seed=2)
    whole = MapMotion(chunk=1000).run(heard, mapping, person)
    pieces = MapMotion(chunk=chunk).run(heard, mapping, person)
    np.testing.assert_allclose(pieces.expression, whole.expression, atol=1e-4)
    np.testing.assert_allclose(pieces.rotation, whole.rotation, atol=1e-5)


def test_a_clip_with_still_lips_is_not_muted(toys, tmp_path, capsys):
    _, mapping = toys.mapping(tmp_path)
    clip = toys.example("someone", count=100, seed=3)
    still = attrs.evolve(clip, expression=np.repeat(clip.expression[:1], 100, 0))
    made = MapMotion().run(toys.features(100), mapping, toys.fit_of(still))
    assert "hardly moves the lips" in capsys.readouterr().err
    assert toys.facts().readout.of(made.expression)[:, 0].std() > 0


@pytest.mark.parametrize("count", [1, 2])
def test_one_frame_of_speech(toys, tmp_path, count):
    _, mapping = toys.mapping(tmp_path)
    made = MapMotion().run(toys.features(count), mapping)
    assert made.expression.shape == (count, 64) and np.isfinite(made.expression).all()


def test_motion_that_is_not_finite_is_told_by_a_check():
    motion = Motion(
        expression=np.zeros((3, 64), np.float32),
        rotation=np.zeros((3, 3), np.float32),
        translation=np.zeros((3, 3), np.float32),
        fps=25.0,
    )
    assert MapMotion().is_finite(motion) == ""
    motion.rotation[1, 2] = np.nan
    motion.expression[2, 0] = np.inf
    assert MapMotion().is_finite(motion) == "2 of 3 frames are not"
