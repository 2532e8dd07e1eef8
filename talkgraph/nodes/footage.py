"""Random access to the frames of a normalised footage."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.errors import StoreError
from talkgraph.nodes.colours import rgb_from_yuv
from talkgraph.nodes.values import Footage

CACHE_BYTES = 192 << 20  # decoded frames kept for those who come back to them
READ_AHEAD = 8  # frames; up to here it is quicker to decode on than to seek


def open_footage(footage: Footage, *, cache_bytes: int = CACHE_BYTES) -> Frames:
    """Return the footage's frames, `[shape=(count, height, width, 3), uint8]`, sRGB.

    Any frame can be read at any time, forwards, backwards or at random, and gives the same
    pixels each time. The file is opened at the first read. Threads take turns; a forked process
    opens the file anew.

    Args:
        cache_bytes: bound on the decoded frames that are kept.
    Errors: StoreError at the first read if the file is gone or damaged.
    """
    shape = (footage.height, footage.width, 3)
    if footage.file.path.suffix == ".png":
        return Frames.from_function(footage.count, shape, _Still(footage.file.path).read)
    reader = _VideoReader(footage, max(1, cache_bytes // (shape[0] * shape[1] * 3)))
    return Frames.from_function(footage.count, shape, reader.read)


class _Still:
    """One picture, kept in memory once read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._picture: Pictures | None = None

    def read(self, start: int, stop: int) -> Pictures:
        if self._picture is None:
            from PIL import Image

            try:
                with Image.open(self._path) as image:
                    self._picture = np.asarray(image.convert("RGB"))[None]
            except OSError as error:
                raise _broken(self._path, error) from None
        return self._picture[start:stop]


class _VideoReader:
    """Reads the all-intra copy: each packet is one frame, so a seek lands exactly."""

    def __init__(self, footage: Footage, kept: int) -> None:
        self._footage = footage
        self._kept = kept
        self._cache: OrderedDict[int, Pictures] = OrderedDict()
        self._lock = threading.Lock()
        self._process = -1
        self._container: Any = None
        self._packets: Any = None
        self._next = -1  # the frame whose packet comes next, -1 if unknown

    def read(self, start: int, stop: int) -> Pictures:
        out = np.empty((stop - start, self._footage.height, self._footage.width, 3), np.uint8)
        with self._lock:
            for index in range(start, stop):
                out[index - start] = self._frame(index)
        return out

    def _frame(self, index: int) -> Pictures:
        found = self._cache.get(index)
        if found is not None:
            self._cache.move_to_end(index)
            return found
        picture = self._decode(index)
        self._cache[index] = picture
        while len(self._cache) > self._kept:
            self._cache.popitem(last=False)
        return picture

    def _decode(self, index: int) -> Pictures:
        import av

        try:
            if self._process != os.getpid():
                self._open()
            if self._next < 0 or not 0 <= index - self._next <= READ_AHEAD:
                self._seek(index)
            for packet in self._packets:
                if packet.pts is None:
                    break
                number = round(packet.pts * self._stream.time_base * self._rate)
                self._next = number + 1
                if number < index:
                    continue
                frames = packet.decode()
                if number == index and len(frames) == 1:
                    return rgb_from_yuv(frames[0])
                break
        except (av.error.FFmpegError, OSError) as error:
            self._process = -1
            raise _broken(self._footage.file.path, error) from None
        self._process = -1
        raise _broken(self._footage.file.path, f"frame {index} is missing")

    def _open(self) -> None:
        import av

        self._container = av.open(f"file:{self._footage.file.path}", format="mov,mp4")
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_type = "NONE"  # frame threads would delay each frame
        self._rate = Fraction(self._footage.fps).limit_denominator(1001)
        self._next = -1
        self._process = os.getpid()

    def _seek(self, index: int) -> None:
        pts = round(index / self._rate / self._stream.time_base)
        self._container.seek(pts, stream=self._stream, backward=True)
        self._packets = self._container.demux(self._stream)


def _broken(path: Path, reason: object) -> StoreError:
    return StoreError(
        f"{path}: the working copy of the footage cannot be read ({reason}); run again with the "
        "footage's node forced"
    )
