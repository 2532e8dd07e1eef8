"""A view changes picture, landmarks and pose as one camera would."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.face_model.face_mesh import face_mesh_mirror
from talkgraph.nodes.keypoint_field.pose_box import FOCAL, corners
from talkgraph.nodes.keypoint_field.train.spoken import (
    View,
    drawn_window,
    photos_at,
    window_of,
)
from tests.nodes.keypoint_field.train.faces import speaking

POSE = np.array([[0.1, -0.3, 0.05, 6.0, -4.0, 260.0], [-0.2, 0.1, 0.2, -10.0, 8.0, 300.0]])
views = st.builds(
    View,
    mirrored=st.booleans(),
    scale=st.floats(0.7, 1.3),
    shift=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)


@given(views)
@settings(max_examples=40, deadline=None)
def test_a_head_is_seen_where_the_view_puts_it_and_as_large(view):
    side = np.where(view.mirrored, -1, 1)
    seen = FOCAL * POSE[:, 3:5] / POSE[:, 5:] * (side, 1)
    made = view.of_pose(POSE)
    np.testing.assert_allclose(
        FOCAL * made[:, 3:5] / made[:, 5:], view.scale * seen + view.shift, atol=1e-9
    )
    np.testing.assert_allclose(made[:, 5], POSE[:, 5] / view.scale)


def test_a_mirrored_pose_draws_the_mirrored_box():
    box = corners(POSE)[:, [3, 2, 1, 0, 7, 6, 5, 4]]
    np.testing.assert_allclose(
        corners(View(mirrored=True).of_pose(POSE)), box * (-1, 1) + (256, 0), atol=1e-9
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_mark_in_the_picture_is_where_its_landmark_is(mirrored):
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[97:104, 147:154] = 255
    points = np.zeros((468, 2))
    points[:] = (150.5, 100.5)
    view = View(mirrored=mirrored, scale=1.1, shift=(7.0, -5.0))
    shown = view.of_picture(picture)[0]
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    seen = np.array([float((shown * at).sum() / shown.sum()) + 0.5 for at in (x, y)])
    np.testing.assert_allclose(view.of_points(points)[0], seen, atol=0.1)


def test_mirrored_landmarks_are_those_of_the_other_side():
    points = np.random.default_rng(0).uniform(0, 256, (2, 468, 2))
    turned = View(mirrored=True).of_points(points)
    np.testing.assert_allclose(turned[:, face_mesh_mirror()[:468], 0], 256 - points[..., 0])
    np.testing.assert_allclose(View(mirrored=True).of_points(turned), points)


def test_after_every_photo_there_is_a_whole_window():
    seen = np.ones(100, bool)
    seen[:10] = False
    assert photos_at(seen, 5).min() >= 10 and photos_at(seen, 5).max() <= 100 - 64
    assert len(photos_at(seen[:63], 5)) == 0


def test_windows_are_of_any_person_and_begin_with_the_photo_where_asked():
    clips = [speaking("a"), speaking("b"), speaking("b", seed=2)]
    random = np.random.default_rng(0)
    heard = [drawn_window(clips, random).heard[0, 0, 0] for _ in range(30)]
    assert len(set(heard)) > 10
    for _ in range(5):
        window = drawn_window(clips, random, from_photo=True)
        np.testing.assert_allclose(window.points[0], window.photo_points)
    same = window_of(clips[0], 3, 0)
    np.testing.assert_array_equal(same.heard, clips[0].heard[3:67])
    np.testing.assert_allclose(same.points, clips[0].points[3:67])
