"""Writes the constant-rate, upright, all-intra copy of an untrusted video, and its sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import av

from talkgraph.nodes.media.decoder import sound
from talkgraph.nodes.media.decoder.cuts import CutFinder
from talkgraph.nodes.media.decoder.mezzanine import Mezzanine, SizeChanged
from talkgraph.nodes.media.decoder.opening import (
    VIDEO_CODECS,
    Refused,
    by_choice,
    check_codec,
    no_such,
    open_media,
    picture_streams,
)
from talkgraph.nodes.media.kinds import AS_MP4_OR_PHOTO, kind_of
from talkgraph.nodes.media.resample import FrameClock

Progress = Callable[[float, float], None]

MAX_PIXELS = 8192 * 4352  # 8K; a header may claim any size and make the decoder allocate it
RESTART = 0.5  # s; timestamps that go back further begin anew
STANDS = 1.0  # s between two frames that are worth a word,
STANDS_OUT = 5.0  # if so many times the usual
LAST_FRAME_CAP = 0.5  # s; how long the last frame may claim to stay
DECODER_THREADS = 2
NO_PICTURES = "give a video that shows the person, or one `photo`"
MAX_RATE = 240.0  # Hz
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
    turn: int,
    video_track: int,
    sound_track: int,
) -> dict[str, Any]:
    """Write `video.mp4` (and `speech.f32`, `soundtrack.f32`) into the folder.

    Args:
        turn: clockwise, beyond what the file's own tags say, in degrees.
        video_track: which one, counted from 1; 0 takes the one that is marked as default.
        sound_track: likewise, see `sound.decode`.

    Returns: width, height, count, cuts (first frames of the shots after the first), source_fps,
        seconds (of the file, as it says, or None), cut (whether `max_seconds` ended it), frames,
        lost (frames that could not be decoded), notes, track and tracks (which one of how many),
        and sound (as `sound.decode` returns) or None.
    """

    def copy(canvas: tuple[int, int] | None) -> dict[str, Any]:
        with _open_pictures(path, video_track) as (container, stream, track):
            aspect = float(stream.sample_aspect_ratio or 1)
            if not ASPECT_RANGE[0] <= aspect <= ASPECT_RANGE[1]:
                aspect = 1.0
            target = Mezzanine(
                Path(folder) / "video.mp4", fps, max_side=max_side, crf=crf, aspect=aspect,
                turn=turn, canvas=canvas,
            )  # fmt: skip
            return {**_copy_frames(container, stream, target, max_seconds, progress), **track}

    try:
        facts = copy(None)
    except SizeChanged:
        sizes = _sizes(path, video_track, max_seconds, progress)
        canvas = max(sizes, key=lambda size: (size[0] * size[1], sizes[size]))
        facts = copy(canvas)
        seen = ", ".join(f"{width} x {height}" for width, height in sizes)
        facts["notes"].append(
            f"the video changes its size ({seen} px): all of it is shown at "
            f"{canvas[0]} x {canvas[1]} px, in proportion"
        )
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
                track=sound_track,
            )
        except Refused as error:
            if str(error) != sound.NO_SOUND:
                facts["notes"].append(f"the video's own sound is left out: it {error}")
    return facts


@contextmanager
def _open_pictures(path: str, track: int) -> Iterator[tuple[Any, Any, dict[str, int]]]:
    """The container, its wanted stream of moving pictures, and which one of how many that is."""
    kind = kind_of(path)
    if kind is not None and kind.remedy == AS_MP4_OR_PHOTO:  # which opens, and ends half-way
        raise Refused(f"is {kind.name}", kind.remedy)
    with open_media(path) as container:
        streams = picture_streams(container)
        if not streams:
            raise Refused("holds no moving pictures", NO_PICTURES)
        if track > len(streams):
            raise Refused(
                f"has {len(streams)} video track(s), so there is no track {track}",
                no_such(len(streams)),
            )
        stream = streams[track - 1] if track else by_choice(streams)[0]
        check_codec(stream, VIDEO_CODECS, "video")
        stream.codec_context.thread_count = DECODER_THREADS
        stream.codec_context.thread_type = "AUTO"
        yield container, stream, {"track": streams.index(stream) + 1, "tracks": len(streams)}


def _sizes(
    path: str, track: int, max_seconds: float, progress: Progress
) -> dict[tuple[int, int], int]:
    """How many frames there are of each size, in the order in which they appear."""
    found: Counter[tuple[int, int]] = Counter()
    with _open_pictures(path, track) as (container, stream, _):
        for number, frame in enumerate(_frames(container, stream, {"frames": 0, "lost": 0})):
            found[frame.width, frame.height] += 1
            progress(0, max_seconds)  # still alive
            if number > max_seconds * MAX_RATE:
                break
    return dict(found)


def _copy_frames(
    container: Any, stream: Any, copy: Mezzanine, max_seconds: float, progress: Progress
) -> dict[str, Any]:
    declared = _declared_seconds(container, stream)
    nominal = 1.0 / _rate(stream)
    expected = min(declared or max_seconds, max_seconds) * copy.fps
    clock, finder = FrameClock(copy.fps), CutFinder()

    def write(frame: Any, until: float) -> None:
        times = clock.due(until)
        copy.write(frame, times)
        finder.see(frame, times)

    counts = {"frames": 0, "lost": 0}
    times: list[float] = []
    first: float | None = None
    start: float | None = None
    previous, previous_time, gap, cut = None, 0.0, nominal, False
    for frame in _frames(container, stream, counts):
        time = frame.time if frame.time is not None else (start or 0.0) + previous_time + nominal
        if start is None or first is None:
            first = start = time
        time -= start
        if previous is not None and time < previous_time - RESTART:
            begins = previous_time + gap  # files that were joined: each counts from its own start
            start, time = start - (begins - time), begins
        if previous is not None:
            if time <= previous_time:
                continue  # two frames at one moment, or time runs backwards: keep the first
            gap = time - previous_time
            cut = time > max_seconds
            write(previous, min(time, max_seconds))
            progress(clock.made, max(expected, clock.made))
        previous, previous_time = frame, time
        times.append(time)
        if cut:
            break
    if previous is not None and not cut:
        own = float(frame_seconds) if (frame_seconds := _duration(previous)) else gap
        end = previous_time + min(max(own, 0.0), max(LAST_FRAME_CAP, nominal))
        cut = end > max_seconds + nominal
        write(previous, min(end, max_seconds))
    copy.close()
    rate, standing = _pace(times)
    return {
        **counts,
        "width": copy.width,
        "height": copy.height,
        "count": clock.made,
        "cuts": finder.cuts(),
        "start": first,
        "source_fps": rate,
        "seconds": declared,
        "cut": cut,
        "notes": [*copy.notes, *standing],
    }


def _pace(times: list[float]) -> tuple[float, list[str]]:
    """The usual rate of frames at these moments, Hz, and a note of where the picture stands."""
    gaps = [after - before for before, after in pairwise(times)]
    if not gaps:
        return 0.0, []
    usual, longest = median(gaps), max(gaps)
    notes = []
    if longest > max(STANDS, STANDS_OUT * usual):
        at = times[gaps.index(longest)]
        notes.append(
            f"the picture stands still for {longest:.1f} s, from {at:.1f} s on: cut that out"
        )
    return 1 / usual, notes


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
                raise Refused(
                    f"has {frame.width} x {frame.height} pixels, too many to read",
                    "scale it down first",
                )
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
    return min(max(rate, 1.0), MAX_RATE)


def _duration(frame: Any) -> float:
    if not frame.duration or not frame.time_base:
        return 0.0
    return float(frame.duration * frame.time_base)
