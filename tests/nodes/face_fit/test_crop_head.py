import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.crop_head import CropHead, crop_frames, crop_picture
from talkgraph.nodes.face_fit.detect_faces import FaceBoxes
from talkgraph.nodes.values import Crop, Footage, View


def boxes(*rows, size=(800, 600)):
    """Face boxes from (centre x, centre y, side) per frame of a footage of this size."""
    x, y, side = np.array(rows, np.float32).T
    values = np.column_stack([x - side / 2, y - side / 2, x + side / 2, y + side / 2])
    count = len(rows)
    return FaceBoxes(
        boxes=values.astype(np.float32), keypoints=np.zeros((count, 6, 2), np.float32),
        scores=np.ones(count, np.float32), measured=np.ones(count, bool), found=1,
        hidden=np.zeros(count, bool),
        view=View(first=0, stop=count, left=0, top=0, width=size[0], height=size[1], scale=1.0),
    )  # fmt: skip


def test_one_square_holds_the_face_in_all_frames():
    faces = boxes(*[(600 + 10 * k, 400, 200) for k in range(11)])
    crop, size = CropHead().place(faces, 1080, 1920)
    assert crop.left <= 600 - 100 and crop.left + crop.side >= 700 + 100
    assert size == 480 == crop.side and crop.left == int(crop.left)


def test_one_wrong_frame_does_not_widen_it():
    steady = [(600, 400, 200)] * 40
    expected, _ = CropHead().place(boxes(*steady), 1080, 1920)
    crop, _ = CropHead().place(boxes(*steady, (1500, 900, 500)), 1080, 1920)
    assert (crop.left, crop.top, crop.side) == (expected.left, expected.top, expected.side)


@pytest.mark.parametrize(
    ("side", "size"), [(60, 256), (110, 256), (200, 384), (240, 448), (300, 512), (500, 512)]
)
def test_the_automatic_size(side, size):
    _, found = CropHead().place(boxes((960, 540, side)), 1080, 1920)
    assert found == size


@settings(max_examples=100, deadline=None)
@given(
    x=st.floats(0.2, 0.8), y=st.floats(0.2, 0.8), side=st.floats(0.05, 0.7),
    height=st.integers(260, 1200), width=st.integers(260, 1200),
)  # fmt: skip
@example(x=0.5, y=0.75, side=0.5, height=850, width=850)
def test_the_square_stays_in_the_frame_where_the_face_allows(x, y, side, height, width):
    shorter = min(height, width)
    crop, size = CropHead().place(boxes((x * width, y * height, side * shorter)), height, width)
    assert crop.side <= shorter
    assert 0 <= crop.left <= width - crop.side and 0 <= crop.top <= height - crop.side
    assert 256 <= size <= 512 and size % 32 == 0


def test_a_given_size_and_room():
    crop, size = CropHead(size=128, room=1.5).place(boxes((960, 540, 200)), 1080, 1920)
    assert size == 128 and crop.side == pytest.approx(300, abs=1)


PICTURE = np.random.default_rng(2).integers(0, 256, (50, 70, 3), np.uint8)


def test_equal_sizes_copy_pixels():
    square = crop_picture(PICTURE, Crop(left=11.0, top=5.0, side=32.0), 32)
    np.testing.assert_array_equal(square, PICTURE[5:37, 11:43])


def test_outside_the_frame_the_border_repeats():
    square = crop_picture(PICTURE, Crop(left=-4.0, top=30.0, side=32.0), 32)
    np.testing.assert_array_equal(square[:20, 4:], PICTURE[30:, :28])
    np.testing.assert_array_equal(square[:20, :4], np.repeat(PICTURE[30:, :1], 4, 1))
    np.testing.assert_array_equal(square[20:], np.repeat(square[19:20], 12, 0))


def test_shrinking_is_antialiased_and_keeps_the_place():
    ramp = np.repeat(np.arange(0, 240, dtype=np.uint8)[None, :, None], 240, 0).repeat(3, 2)
    square = crop_picture(ramp, Crop(left=40.0, top=0.0, side=160.0), 40)
    centres = 40 + (np.arange(40) + 0.5) * 4 - 0.5  # value v stands at x = v + 0.5
    np.testing.assert_allclose(square[20, 3:-3, 0], centres[3:-3], atol=1)
    checks = np.indices((160, 160)).sum(0) % 2 * 200
    grey = crop_picture(
        np.repeat(checks[..., None], 3, 2).astype(np.uint8), Crop(left=0.0, top=0.0, side=160.0), 40
    )
    np.testing.assert_allclose(grey[2:-2, 2:-2], 100, atol=3)


def test_frames_are_read_lazily_and_in_runs():
    asked = []

    def read(start, stop):
        asked.append((start, stop))
        return np.stack([PICTURE] * (stop - start))

    source = Frames.from_function(1000, (50, 70, 3), read)
    frames = crop_frames(source, Crop(left=0.0, top=0.0, side=32.0), 32)
    assert not asked and len(frames) == 1000
    assert frames[10:13].shape == (3, 32, 32, 3) and asked == [(10, 13)]


def test_run_keeps_rate_and_place(tmp_path):
    from PIL import Image

    picture = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "p.png")
    footage = Footage(
        file=File(tmp_path / "p.png"), fps=25.0, count=1, width=800, height=600, speech=None
    )
    clip = CropHead().run(footage, boxes((400, 300, 150)))
    left, top, side = int(clip.crop.left), int(clip.crop.top), int(clip.crop.side)
    assert clip.fps == 25.0 and clip.frames.shape == (side, side, 3)
    np.testing.assert_array_equal(clip.frames[0], picture[top : top + side, left : left + side])


def test_boxes_of_another_view_are_refused():
    footage = Footage(file=File("p.png"), fps=25.0, count=1, width=6000, height=4000, speech=None)
    with pytest.raises(InputError, match=r"refer to 1 frames of 800 x 600 px, not to 1 of 6000 x"):
        CropHead().run(footage, boxes((400, 300, 150)))
