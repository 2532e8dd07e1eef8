"""The aligned square, against the equations written out for each point."""

import numpy as np

from talkgraph.nodes.face_fit.regression.align import (
    IMAGE,
    SCALE,
    STANDARD_POINTS,
    aligned_regions,
    five_points,
)
from talkgraph.nodes.geometry.rotation import matrix_from_angles


def test_square_of_a_scaled_orthographic_face():
    turn = matrix_from_angles(np.array([[0.2, -0.3, 0.1], [0.0, 0.4, -0.2]]))
    scale, shift = np.array([60.0, 133.0]), np.array([[120.0, 90.0], [300.5, 211.0]])
    turned = STANDARD_POINTS @ turn.swapaxes(1, 2)
    points = turned[..., :2] * scale[:, None, None] * (1, -1) + shift[:, None]
    regions = aligned_regions(points)
    np.testing.assert_allclose(regions[:, :2], shift, atol=1e-3)
    np.testing.assert_allclose(regions[:, 2], IMAGE * scale / SCALE, rtol=1e-5)
    assert not regions[:, 3].any()


def test_square_is_the_least_squares_solution():
    points = np.random.default_rng(1).uniform(50, 200, (5, 2))
    equations, right = np.zeros((10, 8)), np.zeros(10)
    for k, standard in enumerate(STANDARD_POINTS):
        equations[2 * k, :4] = equations[2 * k + 1, 4:] = *standard, 1
        right[2 * k], right[2 * k + 1] = points[k, 0], -points[k, 1]  # y up
    solved = np.linalg.lstsq(equations, right, rcond=None)[0]
    scale = (np.linalg.norm(solved[:3]) + np.linalg.norm(solved[4:7])) / 2
    (region,) = aligned_regions(points[None])
    expected = [solved[3], -solved[7], IMAGE * scale / SCALE, 0]
    np.testing.assert_allclose(region, expected, rtol=1e-5)


def test_five_points_are_eyes_nose_and_mouth_corners_from_left_to_right():
    landmarks = np.zeros((1, 478, 3), np.float32)
    landmarks[0, 33, :2], landmarks[0, 133, :2] = (10, 20), (30, 22)
    landmarks[0, 362, :2], landmarks[0, 263, :2] = (50, 22), (70, 20)
    landmarks[0, 4, :2], landmarks[0, 61, :2], landmarks[0, 291, :2] = (40, 40), (25, 60), (55, 61)
    expected = [[20, 21], [60, 21], [40, 40], [25, 60], [55, 61]]
    np.testing.assert_array_equal(five_points(landmarks)[0], expected)
