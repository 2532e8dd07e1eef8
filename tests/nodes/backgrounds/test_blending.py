import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_fill_holes, distance_transform_edt

from talkgraph.nodes.backgrounds import blending

masks = st.builds(
    lambda seed, height, width, share: np.random.default_rng(seed).random((height, width)) < share,
    st.integers(0, 10**6),
    st.integers(1, 30),
    st.integers(1, 30),
    st.floats(0.2, 1.0),
)


@settings(max_examples=150, deadline=None)
@given(masks)
def test_filled_is_scipys_way_to_fill_holes(mask):
    np.testing.assert_array_equal(blending.filled(mask), binary_fill_holes(mask))


def test_a_spiral_is_no_hole():
    mask = np.ones((9, 9), bool)
    mask[1, :8] = mask[1:8, 7] = mask[7, 1:8] = mask[3:8, 1] = mask[3, 1:6] = mask[3:6, 5] = False
    np.testing.assert_array_equal(blending.filled(mask), binary_fill_holes(mask))


@settings(max_examples=150, deadline=None)
@given(masks, st.integers(1, 12))
def test_depths_are_euclidean_distances_as_far_as_they_reach(mask, reach):
    mask.flat[0] = False  # scipy wants something outside
    exact = np.rint(distance_transform_edt(mask) ** 2).astype(int)
    found = blending.depths(mask, reach)
    near = exact < reach**2
    np.testing.assert_array_equal(found[near], exact[near])
    assert (found[~near] >= reach**2).all()


def test_depths_of_a_mask_without_an_outside_are_far():
    assert (blending.depths(np.ones((5, 7), bool), 3) == 9).all()


@pytest.mark.parametrize("box", [(0, 4, 2, 9), (3, 4, 8, 9), (0, 7, 0, 9)])
def test_covered_is_the_box_of_what_is_there(box):
    top, bottom, left, right = box
    alpha = np.zeros((7, 9), np.uint8)
    alpha[top, right - 1] = alpha[bottom - 1, left] = 1
    assert blending.covered(alpha) == box


def test_nothing_covers_nothing():
    top, bottom, _, _ = blending.covered(np.zeros((5, 5), np.uint8))
    assert bottom <= top
