"""Head poses in Audio2Head's camera: corners and lines of the public implementation, and back."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.keypoint_field.pose_box import FOCAL, corners, drawn, pose_here, pose_there
from tests.models.audio2head.reference import known

KNOWN = known("pose_box")


def test_corners_are_those_of_the_public_implementation():
    np.testing.assert_allclose(corners(KNOWN["pose"].astype(float)), KNOWN["corners"], atol=1e-3)


def test_lines_are_as_opencv_draws_them_but_for_their_rims():
    made = drawn(KNOWN["pose"].astype(float)) > 0
    lit = np.unpackbits(KNOWN["lit_packed"], axis=2).astype(bool)
    for ours, theirs in zip(made, lit, strict=True):
        assert (ours & theirs).sum() / (ours | theirs).sum() > 0.84
    assert (made & lit).sum() / (made | lit).sum() > 0.94


def test_only_black_and_white_are_drawn_and_nothing_outside_is_an_error():
    far = np.array([[0, 0, 0, 5000.0, 0, 300.0]])
    assert not drawn(far).any()
    assert set(np.unique(drawn(KNOWN["pose"].astype(float)))) == {0.0, 255.0}


@settings(max_examples=40)
@given(
    arrays(np.float64, (3, 3), elements=st.floats(-0.6, 0.6)),
    arrays(np.float64, (3, 3), elements=st.floats(-1.0, 1.0)),
)
def test_there_and_back(rotation, translation):
    turned, moved = pose_here(pose_there(rotation, translation))
    np.testing.assert_allclose(turned, rotation, atol=1e-9)
    np.testing.assert_allclose(moved, translation, atol=1e-9)


def test_a_head_keeps_its_place_size_and_turn_in_the_picture():
    """Three points of a flat face, each at its own place: a flipped axis would swap them."""
    points = np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.3, 0.0]])
    rotation, translation = np.array([[0.0, 0.0, 0.3]]), np.array([[0.4, -0.2, -3.0]])
    here, _ = project(point_in_camera(points, rotation, translation), 256)
    pose = pose_there(rotation, translation)
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_rotvec(pose[0, :3]).as_matrix()
    there = (points * [90, -90, -90]) @ turn.T + pose[0, 3:]
    np.testing.assert_allclose(FOCAL * there[:, :2] / there[:, 2:] + 128, here[0], atol=1e-6)


def test_looking_down_and_to_the_side_means_the_same_there():
    pitch = pose_there(np.array([[0.3, 0, 0]]), np.zeros((1, 3)))[0]
    yaw = pose_there(np.array([[0, 0.3, 0]]), np.zeros((1, 3)))[0]
    np.testing.assert_allclose(pitch[:3], [0.3, 0, 0], atol=1e-9)  # x stays, y and z flip
    np.testing.assert_allclose(yaw[:3], [0, -0.3, 0], atol=1e-9)
