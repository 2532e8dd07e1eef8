"""The square of the frame that the network sees, cut out and resized."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from talkgraph.cache.frames import CHUNK, Frames, Pictures
from talkgraph.nodes.values import FaceTrack, Ints


@attrs.frozen
class Region:
    """The square that the network sees: left, top and side as shares of the frame's side."""

    left: float = 0.0
    top: float = 0.0
    side: float = 1.0

    def __str__(self) -> str:
        return f"{self.left:.6f} {self.top:.6f} {self.side:.6f}"

    @classmethod
    def parse(cls, text: str) -> Region:
        """Read what `str(region)` wrote; ValueError for anything else."""
        left, top, side = (float(number) for number in text.split())
        if not (0 <= left <= 1 and 0 <= top <= 1 and 0 < side <= 1):
            raise ValueError(text)
        return cls(left, top, side)

    def box(self, frame: int) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom in whole px of a frame with sides of `frame` px."""
        side = max(round(self.side * frame), 1)
        left = min(round(self.left * frame), frame - side)
        top = min(round(self.top * frame), frame - side)
        return left, top, left + side, top + side


def face_region(track: FaceTrack, margin: float) -> Region:
    """Return the square around the face in all frames, with `margin` face heights on each side.

    What a composite leaves untouched anyway needs no network: the pixels go to the face instead.
    """
    points = track.landmarks[track.measured][..., :2] / track.size
    if not len(points):
        return Region()
    room = margin * float(np.median(np.ptp(points[..., 1], axis=1)))
    low, high = points.min(axis=(0, 1)) - room, points.max(axis=(0, 1)) + room
    side = min(float((high - low).max()), 1.0)
    left, top = np.clip((low + high) / 2 - side / 2, 0, 1 - side).tolist()
    return Region(left, top, side)


def resized(pictures: Pictures, size: int, region: Region) -> Pictures:
    """Cut out the region and return it as `[shape=(N, size, size, 3), uint8]`.

    Bicubic, antialiased where it shrinks.
    """
    box = region.box(pictures.shape[1])
    if box == (0, 0, size, size) and pictures.shape[1:3] == (size, size):
        return pictures
    from PIL import Image

    cut = [Image.fromarray(p).resize((size, size), Image.Resampling.BICUBIC, box) for p in pictures]
    return np.stack([np.asarray(p) for p in cut])


def gather(frames: Frames, wanted: Ints, size: int, region: Region) -> Pictures:
    """Read the `wanted` frames (ascending) in one pass; `[shape=(N, size, size, 3), uint8]`."""
    kept: list[Pictures] = []
    for start, chunk in _chunks(frames):
        inside = wanted[(wanted >= start) & (wanted < start + len(chunk))] - start
        if len(inside):
            kept.append(resized(chunk[inside], size, region))
    return np.concatenate(kept)


def _chunks(frames: Frames) -> Iterator[tuple[int, Pictures]]:
    start = 0
    for chunk in frames.chunks(CHUNK):
        yield start, chunk
        start += len(chunk)
