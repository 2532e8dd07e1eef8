"""Keypoints of the face mesh move as the picture does."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from talkgraph.nodes.face_model.face_mesh import MOUTH, POINTS, face_mesh_mirror
from talkgraph.nodes.face_model.synthetic import (
    synthetic_face_model,
    synthetic_fit,
    synthetic_track,
)
from talkgraph.nodes.keypoint_field.mesh_keypoints import groups, keypoints_from_mesh

TRACK = synthetic_track(synthetic_face_model(), synthetic_fit(frames=3))
POINTS_OF_FACE, SIZE = TRACK.landmarks[:, :POINTS, :2], TRACK.size
NAMES = list(groups())


def test_groups_are_disjoint_points_of_the_mesh_and_mirror_each_other():
    every = np.concatenate(list(groups().values()))
    assert every.min() >= 0 and every.max() < POINTS
    mirror = face_mesh_mirror()
    for name, group in groups().items():
        assert len(group) >= 9 and len(set(group)) == len(group)
        if name.startswith("left "):
            assert set(mirror[group]) == set(groups()[name.replace("left", "right")])


@settings(max_examples=40)
@given(
    arrays(np.float64, (2, 2), elements=st.floats(-0.5, 0.5)),
    arrays(np.float64, 2, elements=st.floats(-40, 40)),
)
def test_a_linear_map_of_the_picture_moves_points_and_jacobians_with_it(change, shift):
    linear = np.eye(2) + change
    position, jacobian = keypoints_from_mesh(POINTS_OF_FACE, SIZE)
    moved, bent = keypoints_from_mesh(POINTS_OF_FACE @ linear.T + shift, SIZE)
    scale = 2 * 64 / (63 * SIZE)
    corner = -64 / 63
    expected = ((position - corner) @ linear.T) + shift * scale + corner
    np.testing.assert_allclose(moved, expected, atol=1e-4)
    np.testing.assert_allclose(bent, linear @ jacobian, atol=1e-4)


def test_the_middle_of_a_map_position_lies_at_its_value_on_the_grid():
    points = np.full((1, POINTS, 2), 0.5 * SIZE / 64)  # the middle of the first of 64 positions
    np.testing.assert_allclose(keypoints_from_mesh(points, SIZE)[0], -1, atol=1e-6)
    points = np.full((1, POINTS, 2), SIZE - 0.5 * SIZE / 64)
    np.testing.assert_allclose(keypoints_from_mesh(points, SIZE)[0], 1, atol=1e-6)


def test_a_mouth_that_opens_moves_the_lower_lip_alone():
    opened = POINTS_OF_FACE[:1].copy()
    lower = groups()["lower lip"]
    assert MOUTH.lower in lower
    opened[:, lower, 1] += 5.0
    before, _ = keypoints_from_mesh(POINTS_OF_FACE[:1], SIZE)
    after, _ = keypoints_from_mesh(opened, SIZE)
    moved = np.abs(after - before)[0].max(1)
    assert moved[NAMES.index("lower lip")] > 1.9 * 5 / SIZE
    np.testing.assert_allclose(np.delete(moved, NAMES.index("lower lip")), 0, atol=0.02)
