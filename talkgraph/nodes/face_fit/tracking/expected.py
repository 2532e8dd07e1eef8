"""Where the wanted face is expected in a clip, and what is found there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.detector import Detections, overlap
from talkgraph.nodes.face_fit.tracking.faces import Face, face_of
from talkgraph.nodes.face_fit.tracking.landmarks import MESH
from talkgraph.nodes.values import Clip

_LEAST_OVERLAP = 0.2  # intersection over union
_FAR = 0.75  # of the box's side; landmarks whose middle is further away are another face's

Floats = NDArray[np.float32]


def boxes_in_clip(boxes: Floats, clip: Clip) -> Floats:
    """Boxes `[shape=(T, 4)]` in px of the footage as px of its clip."""
    scale = np.float32(clip.frames.shape[0] / clip.crop.side)
    corner = np.array([clip.crop.left, clip.crop.top] * 2, np.float32)
    return (boxes - corner) * scale


def nearest(samples: Sequence[Detections], expected: Floats) -> Face | None:
    """The detections that lie where the face is expected `[shape=(samples, 4)]`, if there are."""
    sightings = []
    for at, found in enumerate(samples):
        if len(found):
            shared = overlap(expected[at], found.boxes)
            if shared.max() > _LEAST_OVERLAP:
                sightings.append((at, int(shared.argmax())))
    return face_of(samples, sightings) if sightings else None


def near(landmarks: Floats, expected: Floats) -> NDArray[np.bool_]:
    """Whether landmarks `[shape=(T, 478, 3)]` lie where the face is expected `[shape=(T, 4)]`."""
    mesh = landmarks[:, :MESH, :2]
    middle = (mesh.min(1) + mesh.max(1)) / 2
    side = (expected[:, 2:] - expected[:, :2]).max(1)
    wanted = (expected[:, :2] + expected[:, 2:]) / 2
    return np.asarray(np.linalg.norm(middle - wanted, axis=1) < _FAR * side)
