import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_model.face_mesh import OUTER_LIPS
from talkgraph.nodes.refine import windows
from talkgraph.nodes.refine.windows import Region
from talkgraph.nodes.values import FaceTrack


def track(landmarks: np.ndarray, size: int = 100) -> FaceTrack:
    count = len(landmarks)
    return FaceTrack(
        landmarks=landmarks.astype(np.float32),
        confidence=np.ones(count, np.float32),
        measured=np.ones(count, bool),
        size=size,
    )


def face(count: int = 1) -> np.ndarray:
    """A face between (30, 20) and (70, 60) of 100 px with lips from (40, 48) to (60, 52)."""
    rng = np.random.default_rng(0)
    points = np.zeros((count, 478, 3))
    points[..., :2] = rng.uniform([30, 20], [70, 60], (478, 2))
    points[:, 2, :2], points[:, 3, :2] = (30, 20), (70, 60)
    angle = np.linspace(0, 2 * np.pi, len(OUTER_LIPS), endpoint=False)
    lips = np.stack([50 + 10 * np.cos(angle), 50 + 2 * np.sin(angle)], axis=1)
    points[:, OUTER_LIPS, :2] = lips
    return points


def test_windows_reach_back_two_frames_and_stop_at_the_first():
    assert windows.window_of(5).tolist() == [3, 4, 5]
    assert windows.window_of(np.arange(3)).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2]]


def test_stacked_windows_hold_the_newest_frame_last():
    pictures = np.arange(4, dtype=np.float32)[:, None, None, None] * np.ones((1, 3, 2, 2))
    joined = windows.stack_windows(pictures.astype(np.float32), windows.window_of(np.array([0, 3])))
    assert joined.shape == (2, 9, 2, 2)
    assert joined[1, :, 0, 0].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert joined[0].max() == 0


def test_network_range_is_minus_one_to_one():
    pictures = np.array([0, 255, 51], np.uint8).reshape(1, 1, 1, 3)
    assert windows.to_network(pictures).ravel() == pytest.approx([-1, 1, -0.6])


@given(st.integers(1, 500), st.integers(1, 500))
def test_spread_frames_are_distinct_and_span_the_clip(count: int, most: int):
    chosen = windows.spread(count, most)
    assert len(chosen) == min(count, most)
    assert chosen[0] == 0
    assert (np.diff(chosen) > 0).all()
    assert chosen[-1] == (count - 1 if most > 1 else 0)


def test_gather_reads_frames_that_can_be_read_once_and_keeps_the_wanted_ones():
    array = np.arange(70, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    once = Frames.from_iterable(70, (8, 8, 3), iter(array))
    got = windows.gather(once, np.array([0, 31, 32, 69]), 4, Region())
    assert got.shape == (4, 4, 4, 3)
    assert got[:, 0, 0, 0].tolist() == [0, 31, 32, 69]


def test_region_holds_the_face_of_every_frame_with_room():
    points = face(2)
    points[1, :, 0] += 10
    region = windows.face_region(track(points), margin=0.25)
    # x from 30 to 80 and y from 20 to 60, with 10 px of room: 70 px wide; centred on (55, 40).
    assert (region.left, region.top, region.side) == pytest.approx((0.2, 0.05, 0.7))
    assert windows.face_region(track(points), margin=5) == Region()


def test_region_without_a_measured_face_is_the_whole_frame():
    lost = track(face())
    lost.measured[:] = False
    assert windows.face_region(lost, 0.2) == Region()


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
    cut = windows.resized(picture, 20, Region(0.3, 0.2, 0.4))
    assert (cut[:, 2:-2, 2:-2] == 200).all()
    assert cut.min() > 160  # the filter sees a little beyond the border
