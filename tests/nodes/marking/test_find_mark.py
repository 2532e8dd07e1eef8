"""The watermark in videos: found after what happens to videos, and not where it is not."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.nodes.colours import rgb_from_yuv, yuv_from_rgb
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.marking import FindMark, MarkFrames
from talkgraph.nodes.media import ReadVideo

SECONDS = 3


@pytest.fixture(scope="module")
def real(clips):
    footage = ReadVideo(max_seconds=SECONDS).run(clips / "video/talk_male_darkskin_suit_01_d.mp4")
    return open_footage(footage)[:]


@pytest.fixture(scope="module")
def marked(real):
    return MarkFrames().run(Frames.from_array(real)).array()


def compressed(frames, crf, size=None, mirrored=False):
    """The frames after x264, at another size if one is given."""
    width, height = size or (frames.shape[2], frames.shape[1])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, picture in enumerate(frames[:, :, ::-1] if mirrored else frames):
            frame = yuv_from_rgb(picture)
            frame = frame.reformat(width=width, height=height, interpolation="BICUBIC")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        return Frames.from_array(np.stack([rgb_from_yuv(f) for f in container.decode(video=0)]))


def test_it_survives_what_happens_to_videos(marked):
    height, width = marked.shape[1:3]
    cropped = marked[:, 20:, 30:][:, : round(0.9 * height), : round(0.9 * width)]
    half = (width // 4 * 2, height // 4 * 2)
    ways = {
        "crf 28": compressed(marked, 28),
        "half": compressed(marked, 28, half),
        "crop": compressed(cropped, 28, (404, 404)),
        "larger": compressed(marked, 28, (674, 674)),
        "mirrored": compressed(marked, 28, (302, 302), mirrored=True),
    }
    found = {name: FindMark().run(frames) for name, frames in ways.items()}
    assert {name: one.found for name, one in found.items()} == dict.fromkeys(ways, True)
    assert found["crop"].share == pytest.approx(0.9, abs=0.01)
    assert found["mirrored"].mirrored and not found["half"].mirrored


def test_it_is_not_found_where_it_is_not(real, marked):
    assert not FindMark().run(Frames.from_array(real)).found
    assert not FindMark(key=1).run(Frames.from_array(marked)).found


def test_a_marked_part_of_a_longer_video_is_found(real, marked):
    mixed = Frames.from_array(np.concatenate([real, real, marked]))
    found = FindMark(part=len(real)).run(mixed)
    assert found.found and found.first == 2 * len(real)


def test_any_frames_can_be_looked_at():
    for shape in ((1, 32, 32, 3), (3, 40, 640, 3), (2, 500, 30, 3)):
        assert not FindMark().run(Frames.from_array(np.zeros(shape, np.uint8))).found


def test_marking_twice_is_still_found(marked):
    assert FindMark().run(MarkFrames().run(Frames.from_array(marked))).found
