from __future__ import annotations

import errno

import av
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError, StoreError
from talkgraph.nodes.colours import rgb_from_yuv
from talkgraph.nodes.media import WriteVideo
from talkgraph.nodes.values import Speech
from tests.nodes.media import made_media as made


def speech(seconds: float, rate: int = 48000, channels: int = 1, sound=None) -> Speech:
    track = made.chirp(seconds, rate)[0] if sound is None else sound
    return Speech(
        samples=np.zeros(round(seconds * 16000), np.float32),
        rate=16000,
        soundtrack=np.repeat(track[:, None], channels, 1),
        soundtrack_rate=rate,
    )


def still(count: int, size=(64, 48)) -> Frames:
    image = made.picture(1, *size)
    return Frames.from_function(count, image.shape, lambda a, b: np.repeat(image[None], b - a, 0))


def decoded(path):
    """Pictures with their times, and the sound with the time of its first sample."""
    with av.open(str(path)) as container:
        pictures = [(frame.time, rgb_from_yuv(frame)) for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        parts = list(container.decode(audio=0))
    return pictures, np.concatenate([p.to_ndarray() for p in parts], 1), parts[0].time


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.01, 2.34, 7.777])
@pytest.mark.parametrize(("rate", "channels"), [(48000, 1), (44100, 2), (16000, 1), (8000, 1)])
def test_sound_and_picture_last_equally_long(seconds, rate, channels):
    count = round(25 * seconds)
    path = WriteVideo(preset="ultrafast").run(still(count), speech(seconds, rate, channels)).path
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.frames == count
        assert abs(video.duration * video.time_base - audio.duration * audio.time_base) <= 0.002
        assert abs(audio.duration * audio.time_base - seconds) <= 0.021
        assert audio.codec_context.sample_rate == rate


def test_flashes_and_clicks_fall_together():
    moments = [0.52, 1.64, 2.12, 3.48]
    sound = np.zeros(4 * 44100, np.float32)
    pictures = np.full((100, 48, 64, 3), 20, np.uint8)
    for moment in moments:
        sound[round(moment * 44100) :][:400] = made.tone(400 / 44100, 44100, 2000, 0.9)[0]
        pictures[round(moment * 25)] = 235
    path = WriteVideo().run(Frames.from_array(pictures), speech(4, 44100, sound=sound)).path
    shown, heard, start = decoded(path)
    flashes = [time for time, image in shown if image.mean() > 128]
    loud = np.flatnonzero(np.abs(heard[0]) > 0.3) / 44100 + start
    clicks = [float(loud[np.searchsorted(loud, moment - 0.1)]) for moment in moments]
    assert flashes == pytest.approx(moments, abs=1e-3)
    assert clicks == pytest.approx(moments, abs=0.005)


def test_colours_survive():
    flat = np.zeros((10, 64, 96, 3), np.uint8)
    colours = [(200, 40, 40), (40, 180, 60), (30, 60, 200), (128, 128, 128), (230, 190, 170),
               (90, 60, 45), (250, 250, 250), (5, 5, 5), (200, 200, 40), (60, 30, 90)]  # fmt: skip
    flat[:] = np.array(colours, np.uint8)[:, None, None]
    path = WriteVideo(crf=12).run(Frames.from_array(flat), speech(0.4)).path
    shown, _, _ = decoded(path)
    for (_, image), colour in zip(shown, colours, strict=True):
        assert np.abs(image.astype(int) - colour).max() <= 2
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        tags = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
        assert tuple(int(tag) for tag in tags) == (1, 1, 1, 1)
        assert frame.format.name == "yuv420p"


def test_real_pictures_survive(clips):
    from talkgraph.nodes.footage import open_footage
    from talkgraph.nodes.media import ReadVideo

    clip = clips / "video" / "talk_female_asian_01_a.mp4"
    frames = open_footage(ReadVideo(max_seconds=2).run(clip))
    path = WriteVideo().run(frames, speech(len(frames) / 25)).path
    shown, _, _ = decoded(path)
    errors = [np.abs(image.astype(int) - frames[k]).mean() for k, (_, image) in enumerate(shown)]
    assert max(errors) < 2


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (65, 49)])
def test_odd_sides_grow_by_one(size):
    path = WriteVideo().run(still(10, size), speech(0.4)).path
    shown, _, _ = decoded(path)
    height, width = shown[0][1].shape[:2]
    assert (width, height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert (
        np.abs(shown[0][1][20:40, :64].astype(int) - made.picture(1, *size)[20:40, :64]).mean() < 4
    )


def test_index_is_at_the_front():
    data = WriteVideo().run(still(25), speech(1)).path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_frames_are_read_in_order_a_few_at_a_time():
    largest, place = [0], [0]

    def read(start, stop):
        assert start == place[0]
        place[0] = stop
        largest[0] = max(largest[0], stop - start)
        return np.zeros((stop - start, 1080, 1920, 3), np.uint8)

    frames = Frames(20, (1080, 1920, 3), read, once=True)
    WriteVideo(preset="ultrafast").run(frames, speech(0.8))
    assert place[0] == 20 and largest[0] <= 10


def test_same_bytes_each_time():
    first, second = (WriteVideo().run(still(30), speech(1.2)).path.read_bytes() for _ in range(2))
    assert first == second


def test_lengths_that_differ_are_refused():
    with pytest.raises(GraphError, match=r"20 frames at 25 fps .* 2\.00 s \(50 frames\)"):
        WriteVideo().run(still(20), speech(2))
    with pytest.raises(GraphError):
        WriteVideo().run(still(0), speech(0.02))


def test_full_disk_is_said():
    def read(start, stop):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError, match="no room in"):
        WriteVideo().run(Frames(25, (48, 64, 3), read), speech(1))
