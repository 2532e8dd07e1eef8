import numpy as np
import pytest

from talkgraph.nodes.geometry.camera import (
    DISTANCE,
    FOCAL,
    point_in_camera,
    project,
    projection_jacobian,
    unproject,
)
from talkgraph.nodes.geometry.camera_kernels import pictured
from talkgraph.nodes.geometry.rotation import matrix_from_angles


def test_the_axis_meets_the_middle_and_focal_length_is_deng():
    xy, depth = project([[0.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]], 224)
    assert xy[0] == pytest.approx([112, 112])
    assert xy[1] == pytest.approx([112 + 101.5, 112])
    assert xy[2] == pytest.approx([112, 112 - 101.5])
    assert depth == pytest.approx([10, 10, 10])


def test_nearer_is_larger_and_less_deep():
    xy, depth = project([[0.5, 0, 0], [0.5, 0, 1.0]], 256)
    assert xy[1, 0] > xy[0, 0] and depth[1] == 9


@pytest.mark.parametrize(
    ("rotation", "direction"),
    [((0.3, 0, 0), (0, 1)), ((0, 0.3, 0), (1, 0))],
)
def test_pitch_and_yaw_move_the_nose_down_and_right_in_the_picture(rotation, direction):
    nose = point_in_camera(np.array([[0, 0, 0.6]]), np.array(rotation), np.zeros(3))
    xy, _ = project(nose, 256)
    moved = xy[0] - 128
    assert np.sign(np.round(moved, 6)) == pytest.approx(direction)


def test_translation_is_applied_after_rotation_and_batches_broadcast():
    points = np.random.default_rng(0).normal(size=(7, 3))
    rotation = np.array([[0, np.pi / 2, 0], [0, 0, 0]])
    shift = np.array([[1.0, 2, 3], [0, 0, -1]])
    moved = point_in_camera(points, rotation, shift)
    assert moved.shape == (2, 7, 3)
    assert moved[0, :, 0] == pytest.approx(points[:, 2] + 1)
    assert moved[1] == pytest.approx(points - np.array([0, 0, 1]))


def test_jacobian_and_inverse():
    point, step = np.array([0.3, -0.4, 0.7]), 1e-6
    jacobian = projection_jacobian(point, 256)
    for k in range(3):
        shift = np.eye(3)[k] * step
        numeric = (project(point + shift, 256)[0] - project(point - shift, 256)[0]) / (2 * step)
        assert jacobian[:, k] == pytest.approx(numeric, rel=1e-5)
    xy, depth = project(point, 256)
    assert unproject(xy, depth, 256) == pytest.approx(point)


def test_constants():
    assert pytest.approx(1015 / 224) == FOCAL
    assert DISTANCE == 10


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_compiled_camera_is_the_camera(dtype):
    random = np.random.default_rng(5)
    points = random.normal(size=(50, 3)).astype(dtype)
    angles, shift = np.array([0.4, -0.7, 0.2]), np.array([0.3, -0.1, -6.0])
    expected, _ = project(point_in_camera(points, angles, shift), 200)
    found = pictured(points, matrix_from_angles(angles), shift, 200)
    assert found.dtype == np.float64
    assert found == pytest.approx(expected, abs=1e-9)
