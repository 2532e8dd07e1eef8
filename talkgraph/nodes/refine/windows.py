"""Windows of three frames, resizing to the work size, colour ranges and mouth weights."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from talkgraph.cache.frames import CHUNK, Frames, Pictures
from talkgraph.nodes.values import FaceTrack, Floats, Ints

WINDOW = 3  # frames (section 3.4)
# The outer contour of the lips in the 468-point mesh, from the image's left corner downwards.
OUTER_LIPS = (
    61,
    146,
    91,
    181,
    84,
    17,
    314,
    405,
    321,
    375,
    291,
    409,
    270,
    269,
    267,
    0,
    37,
    39,
    40,
    185,
)

EYES = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)


def window_of(target: Ints | int) -> Ints:
    """Return the frames t-2, t-1, t, `[shape=(..., 3), int64]`, clamped at the first frame."""
    window: Ints = np.maximum(
        np.asarray(target, np.int64)[..., None] - np.arange(WINDOW - 1, -1, -1), 0
    )
    return window


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


def to_network(pictures: Pictures) -> Floats:
    """uint8 `(N, H, W, 3)` to float32 `(N, 3, H, W)` in [-1, 1]."""
    scaled = pictures.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def stack_windows(pictures: Floats, windows: Ints) -> Floats:
    """Join frames to windows.

    Args:
        pictures: `[shape=(N, 3, H, W), float32]`.
        windows: `[shape=(B, 3), int64]`, rows of `pictures`.

    Returns:
        `[shape=(B, 9, H, W), float32]`: RGB of t-2, then of t-1, then of t.
    """
    joined = pictures[windows]
    return joined.reshape(len(windows), -1, *pictures.shape[2:])


def spread(count: int, most: int) -> Ints:
    """Return at most `most` of the numbers 0 ... count-1, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


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


def detail_weights(
    track: FaceTrack,
    outline: tuple[int, ...],
    wanted: Ints,
    size: int,
    region: Region,
    margin: float,
) -> Floats:
    """Where the mouth or an eye is: 1 inside its outline, falling to 0 around it.

    Args:
        track: landmarks of the clip; in gaps the interpolated ones count.
        outline: landmarks around the part, e.g. `OUTER_LIPS`.
        wanted: `[shape=(N,), int64]`, frame numbers.
        size: side in px of the result, which shows `region`.
        region: the part of the frame that the network sees.
        margin: half axes of the ellipse at whose rim the weight is 0, in half widths and half
            heights of the part.

    Returns:
        `[shape=(N, size, size), float32]` in [0, 1].
    """
    offset = np.array([region.left, region.top], np.float32)
    points = track.landmarks[wanted][:, outline, :2] / np.float32(track.size)
    points = (points - offset) * np.float32(size / region.side)
    low, high = points.min(axis=1), points.max(axis=1)
    centre = (low + high) / 2
    half = (high - low) / 2
    # Closed lips and lids are a line; what is around them is not: at least half as high as wide.
    half[:, 1] = np.maximum(half[:, 1], half[:, 0] / 2)
    half = np.maximum(half, 1.0)
    at = np.arange(size, dtype=np.float32) + np.float32(0.5)
    x = (at[None, None, :] - centre[:, 0, None, None]) / half[:, 0, None, None]
    y = (at[None, :, None] - centre[:, 1, None, None]) / half[:, 1, None, None]
    # A slope from the part to the rim: no edge that the network could learn.
    weights: Floats = np.clip((margin - np.sqrt(x**2 + y**2)) / (margin - 1), 0, 1)
    return weights.astype(np.float32)
