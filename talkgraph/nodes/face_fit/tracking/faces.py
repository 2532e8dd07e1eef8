"""Link detections over time into faces, and say which face is meant."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.detector import Detections

_REACH = 0.7  # a face may move by this many of its own sides between two sightings
_SIZE_RATIO = 1.8  # and grow or shrink by at most this factor
_LASTING = 0.6  # of the samples with the face that is seen longest: seen nearly as long
_SHORT = 0.2  # a face seen in a smaller share of the samples is counted only if all are so


@attrs.frozen(eq=False)
class Face:
    """One face over time.

    at: `[shape=(n,), int64]`, the samples in which it was seen, ascending.
    boxes, keypoints, scores: as in `Detections`, one row per sighting.
    """

    at: NDArray[np.int64]
    boxes: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    scores: NDArray[np.float32]

    def within(self, kept: NDArray[np.bool_]) -> Face:
        """The same in the samples that are `kept [shape=(samples,)]`, counted anew."""
        rows = kept[self.at]
        at = np.cumsum(kept)[self.at[rows]] - 1
        return Face(at, self.boxes[rows], self.keypoints[rows], self.scores[rows])

    @property
    def side(self) -> float:
        """Median of the longer side of its box in px."""
        return float(np.median((self.boxes[:, 2:] - self.boxes[:, :2]).max(1)))


def moved(
    samples: Sequence[Detections], last: tuple[int, int], now: tuple[int, int]
) -> float | None:
    """How far a face went between two sightings (sample, row), in its own sides.

    None if it is too far, or of too different a size, to be the same one.
    """
    before, box = samples[last[0]].boxes[last[1]], samples[now[0]].boxes[now[1]]
    side = max(float((before[2:] - before[:2]).max()), 1e-6)
    ratio = float((box[2:] - box[:2]).max()) / side
    far = float(np.linalg.norm((box[:2] + box[2:] - before[:2] - before[2:]) / 2)) / side
    return far if far < _REACH and 1 / _SIZE_RATIO < ratio < _SIZE_RATIO else None


def link(samples: Sequence[Detections]) -> list[Face]:
    """Follow every face through the samples by its place; see `ranked` for the order.

    A detection joins the face whose last sighting is nearest in place, if near enough and of
    similar size. A gap of any length is bridged by the same rule.
    """
    open_faces: list[list[tuple[int, int]]] = []  # (sample, row) of each sighting
    for at, found in enumerate(samples):
        candidates = [
            (far, number, row)
            for number, sightings in enumerate(open_faces)
            for row in range(len(found))
            if (far := moved(samples, sightings[-1], (at, row))) is not None
        ]
        taken_faces: set[int] = set()
        taken_rows: set[int] = set()
        for _, number, row in sorted(candidates):
            if number not in taken_faces and row not in taken_rows:
                open_faces[number].append((at, row))
                taken_faces.add(number)
                taken_rows.add(row)
        open_faces += [[(at, row)] for row in range(len(found)) if row not in taken_rows]
    return ranked([face_of(samples, sightings) for sightings in open_faces], len(samples))


def ranked(faces: list[Face], count: int) -> list[Face]:
    """The faces that count, in the order of their numbers.

    First come those that are seen for nearly as long as the one seen longest, the largest first,
    where being seen for less time counts like being smaller; then the others, the longest seen
    first. Faces that are seen in a small share of the `count`
    samples count only if all are so.
    """
    faces = [face for face in faces if len(face.at) >= _SHORT * count] or faces
    longest = max((len(face.at) for face in faces), default=0)

    def place(face: Face) -> tuple[bool, float]:
        lasting = len(face.at) >= _LASTING * longest
        return not lasting, -len(face.at) * (face.side if lasting else 1.0)

    return sorted(faces, key=place)


def face_of(samples: Sequence[Detections], sightings: Sequence[tuple[int, int]]) -> Face:
    """The face that these sightings (sample, row) show, one in each sample."""
    return Face(
        np.array([at for at, _ in sightings], np.int64),
        np.stack([samples[at].boxes[row] for at, row in sightings]),
        np.stack([samples[at].keypoints[row] for at, row in sightings]),
        np.array([samples[at].scores[row] for at, row in sightings], np.float32),
    )


def at_every_frame(
    values: NDArray[np.float32], frames: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    """Interpolate `values [shape=(n, ...)]` given at `frames` linearly to 0..count-1; ends hold."""
    flat = values.reshape(len(values), -1)
    times = np.arange(count)
    columns = [np.interp(times, frames, column) for column in flat.T]
    return np.stack(columns, 1).reshape(count, *values.shape[1:]).astype(np.float32)
