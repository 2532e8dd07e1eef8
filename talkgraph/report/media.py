"""Moving pictures and sound in the page: small H.264 and AAC, a bounded number of seconds."""

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.report.markup import Html, figure, tag

SECONDS = 6.0  # of a preview
SOUND_SECONDS = 30.0
WHOLE_SECONDS = 90.0  # of the result
WHOLE_BYTES = 5 << 20  # a result up to this size is embedded as it is
SIDE, WHOLE_SIDE = 256, 640  # px, the longer side
_SOUND_RATE = 44100

Samples = NDArray[np.float32]


def video(data: bytes, caption: Any, *, label: str, poster: str | None = None) -> Html:
    """A player for an MP4."""
    player = tag(
        "video", "This browser shows no H.264 video.",
        src=f"data:video/mp4;base64,{base64.b64encode(data).decode()}",
        controls=True, preload="metadata", playsinline=True, aria_label=label, poster=poster,
    )  # fmt: skip
    return figure(player, caption)


def audio(samples: Samples, rate: int, caption: Any, *, label: str) -> Html:
    """A player for the first seconds of mono or stereo sound, `[shape=(n,)]` or `(n, c)`."""
    data = base64.b64encode(sound_file(samples, rate, SOUND_SECONDS)).decode()
    player = tag(
        "audio", src=f"data:audio/mp4;base64,{data}", controls=True, preload="metadata",
        aria_label=label,
    )  # fmt: skip
    return figure(player, caption)


def clip_video(
    frames: Frames, fps: float, sound: tuple[Samples, int] | None, seconds: float = SECONDS
) -> bytes:
    """The first seconds of a clip as a small MP4 with its sound."""
    count = min(len(frames), max(1, round(seconds * fps)))

    def pictures() -> Iterable[Pictures]:
        for start in range(0, count, 16):
            yield from frames[start : min(start + 16, count)]

    return _written(pictures(), frames.shape[:2], fps, SIDE, sound, count / fps)


def file_video(path: Path) -> tuple[bytes, float, float]:
    """A finished video for the page: as it is where it is small, else shrunk and cut.

    Returns:
        the MP4, the seconds that it shows, and those that the file lasts.
    """
    import av

    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        lasts = float(container.duration or 0) / av.time_base
        if path.stat().st_size <= WHOLE_BYTES and path.suffix.lower() in (".mp4", ".m4v"):
            return path.read_bytes(), lasts, lasts
        shown = min(lasts, WHOLE_SECONDS) if lasts else WHOLE_SECONDS
        fps = float(stream.average_rate or 25)
        shape = (stream.height, stream.width)
        stream.thread_type = "AUTO"

        def pictures() -> Iterable[Pictures]:
            for number, frame in enumerate(container.decode(stream)):
                if number >= shown * fps:
                    return
                yield _shrunk(frame, WHOLE_SIDE)

        sound = _sound_of(path, shown)
        return _written(pictures(), shape, fps, WHOLE_SIDE, sound, shown), shown, lasts


def file_frames(path: Path, start: int, count: int) -> Pictures:
    """Some consecutive frames of a video of constant rate, `[shape=(n, H, W, 3), uint8]`."""
    import imageio.v3 as iio

    found = []
    with (
        iio.imopen(path, "r", plugin="pyav") as video,
        contextlib.suppress(StopIteration, IndexError),  # the video ends before
    ):
        for index in range(start, start + count):
            found.append(video.read(index=index))
    return np.stack(found) if found else np.zeros((0, 2, 2, 3), np.uint8)


def _shrunk(frame: Any, side: int) -> Pictures:
    width, height = _even(frame.height, frame.width, side)
    small = frame.reformat(width=width, height=height, format="rgb24")
    return np.asarray(small.to_ndarray())


def _even(height: int, width: int, side: int) -> tuple[int, int]:
    """Width and height, even, at most `side`."""
    scale = min(1.0, side / max(height, width))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _sound_of(path: Path, seconds: float) -> tuple[Samples, int] | None:
    import av

    with av.open(f"file:{path}") as container:
        if not container.streams.audio:
            return None
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        parts, total = [], 0
        for frame in container.decode(audio=0):
            for made in resampler.resample(frame):
                parts.append(made.to_ndarray()[0])
                total += len(parts[-1])
            if total >= seconds * rate:
                break
    return (np.concatenate(parts)[: round(seconds * rate)], rate) if parts else None


def _written(
    pictures: Iterable[Pictures],
    shape: tuple[int, int],
    fps: float,
    side: int,
    sound: tuple[Samples, int] | None,
    seconds: float,
) -> bytes:
    import av

    rate = Fraction(fps).limit_denominator(1001)
    width, height = _even(*shape, side)
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=rate, options={"preset": "veryfast", "crf": "27"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        heard = container.add_stream("aac", rate=_SOUND_RATE, layout="mono") if sound else None
        for index, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(pixels[..., :3]), format="rgb24"
            )
            frame = frame.reformat(width=width, height=height, format="yuv420p")
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound and heard is not None:
            _encode_sound(container, heard, *sound, seconds)
    return target.getvalue()


def sound_file(samples: Samples, rate: int, seconds: float) -> bytes:
    """The first seconds of sound as an M4A."""
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=_SOUND_RATE, layout="mono")
        _encode_sound(container, stream, samples, rate, seconds)
    return target.getvalue()


def _encode_sound(container: Any, stream: Any, samples: Samples, rate: int, seconds: float) -> None:
    import av

    stream.bit_rate = 64000
    data = np.asarray(samples[: round(seconds * rate)], np.float32)
    mono = data.mean(axis=1) if data.ndim == 2 else data
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=_SOUND_RATE, frame_size=1024)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(mono[None]), format="flt", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        container.mux(stream.encode(part))
    container.mux(stream.encode())
