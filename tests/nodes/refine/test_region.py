import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.cache.frames import Frames
from talkgraph.nodes.refine.region import Region, face_region, gather, resized
from tests.nodes.refine.small import face
from tests.nodes.tracks import track_of


def test_gather_reads_frames_that_can_be_read_once_and_keeps_the_wanted_ones():
    array = np.arange(70, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    once = Frames.from_iterable(70, (8, 8, 3), iter(array))
    got = gather(once, np.array([0, 31, 32, 69]), 4, Region())
    assert got.shape == (4, 4, 4, 3)
    assert got[:, 0, 0, 0].tolist() == [0, 31, 32, 69]


def test_region_holds_the_face_of_every_frame_with_room():
    points = face(2)
    points[1, :, 0] += 10
    region = face_region(track_of(points, 100), margin=0.25)
    # x from 30 to 80 and y from 20 to 60, with 10 px of room: 70 px wide; centred on (55, 40).
    assert (region.left, region.top, region.side) == pytest.approx((0.2, 0.05, 0.7))
    assert face_region(track_of(points, 100), margin=5) == Region()


def test_region_without_a_measured_face_is_the_whole_frame():
    lost = track_of(face(), 100)
    lost.measured[:] = False
    assert face_region(lost, 0.2) == Region()


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 1), st.integers(8, 700))
def test_region_boxes_lie_in_the_frame_and_are_square(
    left: float, top: float, side: float, frame: int
):
    region = Region(min(left, 1 - side), min(top, 1 - side), side)
    x0, y0, x1, y1 = region.box(frame)
    assert 0 <= x0 < x1 <= frame
    assert 0 <= y0 < y1 <= frame
    assert x1 - x0 == y1 - y0
    again = Region.parse(str(region))
    assert again.box(frame) == pytest.approx(region.box(frame), abs=1)


@pytest.mark.parametrize("text", ["", "0 0", "0 0 0", "0 0 nan", "-1 0 1", "a b c"])
def test_bad_regions_are_refused(text: str):
    with pytest.raises(ValueError):
        Region.parse(text)


def test_cutting_out_a_region_shows_that_part_alone():
    picture = np.zeros((1, 100, 100, 3), np.uint8)
    picture[:, 20:60, 30:70] = 200
    cut = resized(picture, 20, Region(0.3, 0.2, 0.4))
    assert (cut[:, 2:-2, 2:-2] == 200).all()
    assert cut.min() > 160  # the filter sees a little beyond the border
