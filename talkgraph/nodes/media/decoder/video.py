"""Writes the constant-rate, upright, all-intra copy of an untrusted video, and its sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av

from talkgraph.nodes.media.decoder import sound
from talkgraph.nodes.media.decoder.mezzanine import Mezzanine
from talkgraph.nodes.media.decoder.opening import (
    VIDEO_CODECS,
    Refused,
    check_codec,
    open_media,
    picture_stream,
)
from talkgraph.nodes.media.resample import FrameClock

Progress = Callable[[float, float], None]

MAX_PIXELS = 8192 * 4352  # 8K; a header may claim any size and make the decoder allocate it
LAST_FRAME_CAP = 0.5  # s; how long the last frame may claim to stay
DECODER_THREADS = 2
ASPECT_RANGE = (0.25, 4.0)  # shapes of a pixel, width / height, that are believed


def decode(
    path: str,
    folder: str,
    *,
    progress: Progress,
    fps: float,
    max_seconds: float,
    max_side: int,
    crf: float,
) -> dict[str, Any]:
    """Write `video.mp4` (and `speech.f32`, `soundtrack.f32`) into the folder.

    Returns: width, height, count, source_fps, seconds (of the file, as it says, or None), cut
        (whether `max_seconds` ended it), frames, lost (frames that could not be decoded), notes,
        and sound (as `sound.decode` returns) or None.
    """
    with open_media(path) as container:
        stream = picture_stream(container)
        if stream is None:
            raise Refused("holds no moving pictures")
        check_codec(stream, VIDEO_CODECS, "video")
        aspect = float(stream.sample_aspect_ratio or 1)
        if not ASPECT_RANGE[0] <= aspect <= ASPECT_RANGE[1]:
            aspect = 1.0
        copy = Mezzanine(str(Path(folder) / "video.mp4"), fps, max_side, crf, aspect)
        facts = _copy_frames(container, stream, copy, max_seconds, progress)
    facts["sound"] = None
    done = float(facts["count"])
    if facts["count"]:
        try:
            facts["sound"] = sound.decode(
                path,
                folder,
                progress=lambda *_: progress(done, done),  # still alive; the pictures are made
                start=facts.pop("start"),
                exact_seconds=facts["count"] / fps,
                max_seconds=max_seconds,
            )
        except Refused as error:
            if str(error) != sound.NO_SOUND:
                facts["notes"].append(f"the video's own sound is left out: it {error}")
    return facts


def _copy_frames(
    container: Any, stream: Any, copy: Mezzanine, max_seconds: float, progress: Progress
) -> dict[str, Any]:
    stream.codec_context.thread_count = DECODER_THREADS
    stream.codec_context.thread_type = "AUTO"
    declared = _declared_seconds(container, stream)
    nominal = 1.0 / _rate(stream)
    expected = min(declared or max_seconds, max_seconds) * copy.fps
    clock = FrameClock(copy.fps)
    counts = {"frames": 0, "lost": 0}
    start: float | None = None
    previous, previous_time, gap, cut = None, 0.0, nominal, False
    for frame in _frames(container, stream, counts):
        time = frame.time if frame.time is not None else (start or 0.0) + previous_time + nominal
        if start is None:
            start = time
        time -= start
        if previous is not None:
            if time <= previous_time:
                continue  # two frames at one moment, or time runs backwards: keep the first
            gap = time - previous_time
            cut = time > max_seconds
            copy.write(previous, clock.due(min(time, max_seconds)))
            progress(clock.made, max(expected, clock.made))
        previous, previous_time = frame, time
        if cut:
            break
    if previous is not None and not cut:
        own = float(frame_seconds) if (frame_seconds := _duration(previous)) else gap
        end = previous_time + min(max(own, 0.0), max(LAST_FRAME_CAP, nominal))
        cut = end > max_seconds + nominal
        copy.write(previous, clock.due(min(end, max_seconds)))
    copy.close()
    return {
        **counts,
        "width": copy.width,
        "height": copy.height,
        "count": clock.made,
        "start": start,
        "source_fps": counts["frames"] / previous_time if previous_time > 0 else 0.0,
        "seconds": declared,
        "cut": cut,
        "notes": copy.notes,
    }


def _frames(container: Any, stream: Any, counts: dict[str, int]) -> Iterator[Any]:
    """Yield whole frames in the order of display; count those that are lost."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:  # the container is damaged from here on
            counts["lost"] += 1
            return
        try:
            decoded = packet.decode()
        except (av.error.FFmpegError, ValueError):
            counts["lost"] += 1
            continue
        for frame in decoded:
            if frame.width * frame.height > MAX_PIXELS:
                raise Refused(f"has {frame.width} x {frame.height} pixels, too many to read")
            if frame.is_corrupt:
                counts["lost"] += 1
                continue
            counts["frames"] += 1
            yield frame


def _declared_seconds(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _rate(stream: Any) -> float:
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    return min(max(rate, 1.0), 240.0)


def _duration(frame: Any) -> float:
    if not frame.duration or not frame.time_base:
        return 0.0
    return float(frame.duration * frame.time_base)
