"""Link detections over time into faces, and say which face is meant."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.detector import Detections

_REACH = 0.7  # a face may move by this many of its own sides between two sightings
_SIZE_RATIO = 1.8  # and grow or shrink by at most this factor
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

    @property
    def side(self) -> float:
        """Median of the longer side of its box in px."""
        return float(np.median((self.boxes[:, 2:] - self.boxes[:, :2]).max(1)))


def link(samples: Sequence[Detections]) -> list[Face]:
    """Follow every face through the samples; the largest comes first.

    A detection joins the face whose last sighting is nearest in place, if near enough and of
    similar size. A gap of any length is bridged by the same rule.
    """
    open_faces: list[list[tuple[int, int]]] = []  # (sample, row) of each sighting
    for at, found in enumerate(samples):
        candidates = []
        for number, sightings in enumerate(open_faces):
            last = samples[sightings[-1][0]].boxes[sightings[-1][1]]
            side = float((last[2:] - last[:2]).max())
            for row in range(len(found)):
                box = found.boxes[row]
                ratio = float((box[2:] - box[:2]).max()) / max(side, 1e-6)
                moved = float(np.linalg.norm((box[:2] + box[2:] - last[:2] - last[2:]) / 2)) / side
                if moved < _REACH and 1 / _SIZE_RATIO < ratio < _SIZE_RATIO:
                    candidates.append((moved, number, row))
        taken_faces: set[int] = set()
        taken_rows: set[int] = set()
        for _, number, row in sorted(candidates):
            if number not in taken_faces and row not in taken_rows:
                open_faces[number].append((at, row))
                taken_faces.add(number)
                taken_rows.add(row)
        open_faces += [[(at, row)] for row in range(len(found)) if row not in taken_rows]
    faces = [_face(samples, sightings) for sightings in open_faces]
    lasting = [face for face in faces if len(face.at) >= _SHORT * len(samples)]
    return sorted(lasting or faces, key=lambda face: -face.side)


def _face(samples: Sequence[Detections], sightings: list[tuple[int, int]]) -> Face:
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
