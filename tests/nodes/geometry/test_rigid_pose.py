"""Pose from landmarks: exact on synthetic faces, with asymmetric angles."""

import numpy as np
import pytest

from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL, point_in_camera, project
from talkgraph.nodes.geometry.rigid_pose import initial_pose, lift, refine_pose, similarity
from talkgraph.nodes.geometry.rotation import angles_from_matrix, matrix_from_angles

FRAMES, POINTS, SIZE = 7, 90, 256


@pytest.fixture
def scene():
    rng = np.random.default_rng(3)
    shape = rng.normal(size=(POINTS, 3)) * (0.5, 0.6, 0.3)
    shape -= shape.mean(0)
    angles = rng.uniform(-0.6, 0.6, (FRAMES, 3))
    translation = rng.uniform(-0.5, 0.5, (FRAMES, 3)) * (1, 1, 4)
    camera = point_in_camera(np.broadcast_to(shape, (FRAMES, POINTS, 3)), angles, translation)
    px_per_unit = FOCAL * SIZE / (DISTANCE - translation[:, 2])
    depth = -(camera[..., 2] - camera[..., 2].mean(1, keepdims=True)) * px_per_unit[:, None]
    landmarks = np.concatenate([project(camera, SIZE)[0], depth[..., None]], -1)
    return shape, angles, translation, landmarks


def test_initial_pose_is_exact_when_the_depth_is(scene):
    shape, angles, translation, landmarks = scene
    rotation, found = initial_pose(landmarks, shape, SIZE, np.ones((FRAMES, POINTS)), rounds=12)
    np.testing.assert_allclose(angles_from_matrix(rotation), angles, atol=1e-6)
    np.testing.assert_allclose(found, translation, atol=1e-5)


def test_refined_pose_needs_no_depth(scene):
    shape, angles, translation, landmarks = scene
    rng = np.random.default_rng(4)
    off = matrix_from_angles(angles + rng.normal(size=angles.shape) * 0.05)
    rotation, found = refine_pose(
        landmarks[..., :2],
        np.broadcast_to(shape, (FRAMES, POINTS, 3)),
        off,
        translation + 0.1,
        SIZE,
        np.ones((FRAMES, POINTS)),
        rounds=8,
    )
    np.testing.assert_allclose(angles_from_matrix(rotation), angles, atol=1e-8)
    np.testing.assert_allclose(found, translation, atol=1e-7)


def test_lifted_points_project_onto_their_landmarks(scene):
    _, _, _, landmarks = scene
    lifted = lift(landmarks, SIZE, np.full(FRAMES, 9.0))
    np.testing.assert_allclose(project(lifted, SIZE)[0], landmarks[..., :2], atol=1e-9)


def test_similarity_recovers_scale_and_never_mirrors():
    rng = np.random.default_rng(5)
    source = rng.normal(size=(1, 20, 3))
    turn = matrix_from_angles(np.array([[0.6, -0.3, 0.2]]))
    target = 1.7 * source @ turn[0].T + (1, 2, 3)
    scale, rotation, translation = similarity(source, target, np.ones((1, 20)))
    np.testing.assert_allclose(scale, 1.7)
    np.testing.assert_allclose(rotation, turn, atol=1e-12)
    np.testing.assert_allclose(translation[0], (1, 2, 3), atol=1e-12)
    mirrored = similarity(source, source * (-1, 1, 1), np.ones((1, 20)))[1]
    assert np.linalg.det(mirrored[0]) > 0.99
