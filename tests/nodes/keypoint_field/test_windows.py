"""Which window and place every frame is taken from: the public implementation's, and properties."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from talkgraph.nodes.keypoint_field.windows import kept, starts
from tests.models.audio2head.reference import known

KNOWN = known("windows")


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_frames_come_from_where_published(name):
    np.testing.assert_array_equal(kept(int(name.removeprefix("frames_"))), KNOWN[name])


@given(st.integers(1, 500))
def test_every_frame_is_in_the_window_that_it_is_taken_from(count):
    window, place = kept(count).T
    first = starts(count)
    np.testing.assert_array_equal(first[window] + place, np.arange(count))
    assert (place >= 0).all() and (place < 64).all() and set(window) == set(range(len(first)))
    assert ((place >= 16) | (window == 0)).all() and (place < 48).all()


def test_no_frames_need_no_window():
    assert len(starts(0)) == 0 and kept(0).shape == (0, 2)
