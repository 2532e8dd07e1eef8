from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.backgrounds import PasteBack
from talkgraph.nodes.backgrounds.paste_back import Place
from talkgraph.nodes.values import Backgrounds, Crop, Footage, Motion
from tests.nodes.media import made_media as made

WIDTH, HEIGHT = 240, 180


def cut(image, crop: Crop, size: int):
    """The crop of an image as a square picture; the border is repeated outside."""
    room = 200
    padded = np.pad(image, ((room, room), (room, room), (0, 0)), mode="edge")
    x, y = crop.left + room, crop.top + room
    box = (x, y, x + crop.side, y + crop.side)
    return np.asarray(
        Image.fromarray(padded).resize((size, size), Image.Resampling.LANCZOS, box=box)
    )


def smooth_picture():
    return made.picture(0, WIDTH, HEIGHT)


def backgrounds(source):
    nothing = np.zeros((len(source), 64), np.float32)
    motion = Motion(
        expression=nothing, rotation=nothing[:, :3], translation=nothing[:, :3], fps=25.0
    )
    return Backgrounds(
        source=np.array(source, np.int64), keyframes=np.zeros(0, np.int64), motion=motion
    )


@pytest.fixture
def footage(tmp_path):
    Image.fromarray(smooth_picture()).save(tmp_path / "a.png")
    return Footage(
        file=File(tmp_path / "a.png"), fps=25.0, count=1, width=WIDTH, height=HEIGHT, speech=None
    )


@settings(max_examples=60, deadline=None)
@given(
    left=st.floats(-60, 150),
    top=st.floats(-60, 120),
    side=st.floats(40, 230),
    size=st.sampled_from([64, 128, 256]),
    feather=st.floats(0, 0.5),
)
def test_pasting_what_was_cut_changes_nothing(left, top, side, size, feather):
    crop, image = Crop(left=left, top=top, side=side), smooth_picture()
    image[:60] = 120  # no index blocks: hard edges do not survive a smaller crop
    image[-45:] = (90, 110, 130)
    picture, frame = cut(image, crop, size), image.copy()
    place = Place.of(crop, size, WIDTH, HEIGHT, feather)
    place.paste(picture, frame)
    difference = np.abs(frame.astype(int) - image)
    inside = np.zeros(image.shape[:2], bool)
    inside[place.top : place.top + place.height, place.left : place.left + place.width] = True
    assert not difference[~inside].any()
    assert difference[:40].max() <= 1  # flat colour is met exactly
    assert difference.mean() < 1.0


def test_whole_pixels_come_through_unchanged():
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    frame = image.copy()
    Place.of(Crop(left=20, top=-10, side=128), 128, WIDTH, HEIGHT, 0.1).paste(
        cut(image, Crop(left=20, top=-10, side=128), 128), frame
    )
    assert np.array_equal(frame, image)


def test_place_is_right_to_a_fraction_of_a_pixel():
    # A soft vertical edge at x = 100.25 of the frame must lie there after cut and paste.
    x = np.arange(WIDTH) + 0.5
    row = 40 + 160 / (1 + np.exp(-(x - 100.25) / 3))
    image = np.repeat(np.repeat(row[None, :, None], HEIGHT, 0), 3, 2).round().astype(np.uint8)
    crop = Crop(left=50.6, top=30.3, side=97.7)
    for size in (64, 98, 200):
        frame = np.zeros_like(image)
        Place.of(crop, size, WIDTH, HEIGHT, 0.0).paste(cut(image, crop, size), frame)
        middle = frame[80, 60:140, 0].astype(float)
        where = 60.5 + np.interp(120, middle, np.arange(80))
        assert where == pytest.approx(100.25, abs=0.1)


def test_border_meets_without_a_step(footage):
    # A white square on the grey parts: no two neighbours may differ by much across the border.
    white = Frames.from_array(np.full((1, 128, 128, 3), 255, np.uint8))
    crop = Crop(left=60.4, top=40.7, side=120.2)
    frame = PasteBack(feather=0.2).run(white, footage, crop, backgrounds([0]))[0].astype(int)
    before = smooth_picture().astype(int)
    added = frame - before
    assert added[40:42].max() <= 1 and added[:, 60:62].max() <= 1  # first pixels inside
    assert np.abs(np.diff(added, axis=0)).max() < 40 and np.abs(np.diff(added, axis=1)).max() < 220
    assert (frame[80:120, 100:140] == 255).all()


def test_frames_and_backgrounds_are_paired(tmp_path):
    from talkgraph.nodes.footage import open_footage
    from talkgraph.nodes.media import ReadVideo

    footage = ReadVideo().run(
        made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)], (WIDTH, HEIGHT))
    )
    heads = np.stack([np.full((32, 32, 3), 10 * k, np.uint8) for k in range(5)])
    source = [50, 2, 2, 31, 0]
    crop = Crop(left=100, top=100, side=50)
    pasted = PasteBack().run(Frames.from_array(heads), footage, crop, backgrounds(source))
    behind = open_footage(footage)
    assert pasted.shape == (HEIGHT, WIDTH, 3) and len(pasted) == 5
    for k in (4, 0, 3, 1, 2):
        assert np.array_equal(pasted[k][:100], behind[source[k]][:100])
        assert (pasted[k][120:130, 120:130] == 10 * k).all()


def test_stream_that_is_read_once_stays_one(footage):
    heads = Frames.from_iterable(
        3, (32, 32, 3), (np.zeros((32, 32, 3), np.uint8) for _ in range(3))
    )
    pasted = PasteBack().run(heads, footage, Crop(left=9, top=9, side=40), backgrounds([0, 0, 0]))
    assert pasted.once and len(list(pasted)) == 3


def test_crop_outside_the_frame_is_harmless(footage):
    heads = Frames.from_array(np.zeros((1, 32, 32, 3), np.uint8))
    for crop in (Crop(left=500, top=0, side=50), Crop(left=-80, top=-80, side=60)):
        pasted = PasteBack().run(heads, footage, crop, backgrounds([0]))
        assert np.array_equal(pasted[0], smooth_picture())


def test_upscaling_does_not_ring():
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 100
    edge[:, :32] = 50
    frame = np.zeros((256, 256, 3), np.uint8)
    Place.of(Crop(left=0, top=0, side=256), 64, 256, 256, 0.0).paste(edge, frame)
    assert frame.min() >= 50 - 4 and frame.max() <= 100 + 4


@pytest.mark.parametrize(
    ("heads", "source", "text"),
    [
        (np.zeros((2, 32, 32, 3), np.uint8), [0], "2 head pictures for 1"),
        (np.zeros((1, 32, 32, 3), np.uint8), [7], "7 to 7 of a footage of 1"),
        (np.zeros((1, 32, 40, 3), np.uint8), [0], "square"),
        (np.zeros((1, 32, 32, 4), np.uint8), [0], "RGB"),
    ],
)
def test_what_does_not_fit_together(footage, heads, source, text):
    with pytest.raises(GraphError, match=text):
        PasteBack().run(
            Frames.from_array(heads), footage, Crop(left=0, top=0, side=40), backgrounds(source)
        )


def test_without_backgrounds_the_first_frame_is_behind_every_picture(footage):
    heads = Frames.from_array(np.zeros((3, 32, 32, 3), np.uint8))
    crop = Crop(left=60.0, top=40.0, side=64.0)
    plain = PasteBack().run(heads, footage, crop)
    named = PasteBack().run(heads, footage, crop, backgrounds([0, 0, 0]))
    np.testing.assert_array_equal(plain[:], named[:])
