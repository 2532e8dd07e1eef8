import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.geometry.rotation import (
    angles_from_matrix,
    matrix_from_angles,
)

NOSE, CROWN = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
angle = st.floats(-1.5, 1.5)


def test_positive_pitch_looks_down():
    assert matrix_from_angles([0.6, 0, 0]) @ NOSE == pytest.approx([0, -np.sin(0.6), np.cos(0.6)])


def test_positive_yaw_turns_the_face_to_the_pictures_right():
    assert matrix_from_angles([0, 0.6, 0]) @ NOSE == pytest.approx([np.sin(0.6), 0, np.cos(0.6)])


def test_positive_roll_tilts_the_crown_to_the_pictures_left():
    assert matrix_from_angles([0, 0, 0.6]) @ CROWN == pytest.approx([-np.sin(0.6), np.cos(0.6), 0])


def test_order_is_roll_after_yaw_after_pitch():
    from scipy.spatial.transform import Rotation

    angles = [0.3, -0.5, 0.7]
    assert matrix_from_angles(angles) == pytest.approx(
        Rotation.from_euler("xyz", angles).as_matrix()
    )


@given(st.tuples(angle, angle, angle))
def test_angles_survive_the_round_trip(angles):
    matrix = matrix_from_angles(np.array(angles))
    assert np.linalg.det(matrix) == pytest.approx(1)
    assert angles_from_matrix(matrix) == pytest.approx(np.array(angles), abs=1e-9)


def test_gimbal_lock_keeps_the_rotation():
    matrix = matrix_from_angles(np.array([0.4, np.pi / 2, 0.9]))
    assert matrix_from_angles(angles_from_matrix(matrix)) == pytest.approx(matrix, abs=1e-12)


def test_batches_and_dtype():
    angles = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    matrices = matrix_from_angles(angles)
    assert matrices.shape == (4, 5, 3, 3) and matrices.dtype == np.float32
    assert matrices[2, 3] == pytest.approx(matrix_from_angles(angles[2, 3]))


def test_wrong_shape_is_named():
    with pytest.raises(ValueError, match="last dimension of 3"):
        matrix_from_angles([0.0, 1.0])
