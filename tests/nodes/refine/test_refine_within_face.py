"""What the refiner paints outside the rendered face is dropped."""

import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.nodes.refine.refine import _within_face


def test_only_the_face_changes_and_its_edge_blends():
    frames = np.full((3, 8, 8, 3), 100, np.uint8)
    made = np.full((3, 8, 8, 3), 200, np.uint8)
    alpha = np.zeros((5, 8, 8, 4), np.uint8)
    alpha[:, 2:6, 2:6, 3] = 255
    alpha[:, 2, 2, 3] = 51
    inside = _within_face(made, frames, Frames.from_array(alpha), start=2)
    assert (inside[:, 3:6, 3:6] == 200).all()
    assert (inside[:, 2, 2] == 120).all()
    assert (inside[:, 7] == 100).all() and (inside[:, :, 0] == 100).all()


def test_without_a_face_all_of_it_stays():
    made = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
    np.testing.assert_array_equal(_within_face(made, np.zeros_like(made), None, 0), made)
