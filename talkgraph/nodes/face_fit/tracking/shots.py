"""The shots of a clip, and which of them is worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_fit.tracking.detector import Detections, overlap
from talkgraph.nodes.face_fit.tracking.faces import Face, at_every_frame

_WATCHED = 2  # samples; a face that was gone for longer may be anywhere
_JUMP, _ZOOM = 0.7, 1.5  # of its own sides, factor: a face that does this meanwhile was cut to
_BEFORE = 0.1  # overlap of boxes: one face stands before the other
_SMALL, _SAME_SCENE = (16, 9), 20.0  # px; mean difference in levels of 255
_STAYS, _KEEPS = 0.35, 1.2  # less than this across a cut is one person who goes on in one place


@attrs.frozen
class Shot:
    """Frames first to stop - 1, and how often the wanted face was seen in them."""

    first: int
    stop: int
    seen: int


def shots_of(
    face: Face,
    numbers: NDArray[np.int64],
    cuts: Sequence[int],
    count: int,
    same_scene: Callable[[int], bool],
) -> list[Shot]:
    """Split a clip at its cuts, and where the face jumps.

    A cut across which the face stays where it was, in the same scene, only leaves out some
    moments: it splits nothing.

    Args:
        numbers: frame of each sample.
        cuts: first frames of the shots after the first, as pictures tell them.
        count: frames of the clip.
        same_scene: whether the pictures before and after a cut show one scene.
    """
    frames = numbers[face.at]
    borders = [(cut, cut) for cut in cuts]  # the end of one shot, the beginning of the next
    for k in range(len(frames) - 1):
        here, there = int(frames[k]), int(frames[k + 1])
        between = [cut for cut in cuts if here < cut <= there]
        if _alike(face, k, k + 1, _STAYS, _KEEPS):
            borders = [one for one in borders if one[0] not in between or not same_scene(one[0])]
        elif (
            not between
            and face.at[k + 1] - face.at[k] <= _WATCHED
            and not _alike(face, k, k + 1, _JUMP, _ZOOM)
        ):
            borders.append((here + 1, there))
    borders.sort()
    firsts = [0] + [begin for _, begin in borders]
    stops = [end for end, _ in borders] + [count]
    return [
        Shot(first, stop, int(((frames >= first) & (frames < stop)).sum()))
        for first, stop in zip(firsts, stops, strict=True)
        if stop > first
    ]


def same_scene(frames: Frames, cut: int) -> bool:
    """Whether the frames before and after a cut show one scene, moved on by some moments."""
    before, after = (_small(frames[at]) for at in (cut - 1, cut))
    return float(np.abs(before - after).mean()) < _SAME_SCENE


def _small(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    from PIL import Image

    small = Image.fromarray(picture).resize(_SMALL, Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def hidden_by_others(
    face: Face, samples: Sequence[Detections], numbers: NDArray[np.int64], count: int
) -> NDArray[np.bool_]:
    """Frames `[shape=(count,), bool]` in which another face stands where this one must be."""
    hidden = np.zeros(count, bool)
    seen = dict(zip(face.at.tolist(), face.boxes, strict=True))
    boxes = at_every_frame(face.boxes, numbers[face.at], count)
    for at, found in enumerate(samples):
        frame = int(numbers[at])
        if at not in seen and len(found) and overlap(boxes[frame], found.boxes).max() > _BEFORE:
            before = int(numbers[max(at - 1, 0)])
            after = int(numbers[min(at + 1, len(numbers) - 1)])
            hidden[before + 1 : after] = True
            hidden[frame] = True
    return hidden


def _alike(face: Face, a: int, b: int, way: float, zoom: float) -> bool:
    """Whether two sightings lie at most this way apart, and differ in size by less than zoom."""
    one, other = face.boxes[a], face.boxes[b]
    side, then = float((one[2:] - one[:2]).max()), float((other[2:] - other[:2]).max())
    far = float(np.linalg.norm(one[:2] + one[2:] - other[:2] - other[2:])) / 2 / max(side, 1e-6)
    return far < way and 1 / zoom < then / max(side, 1e-6) < zoom
