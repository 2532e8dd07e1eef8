"""Which pixels of a frame are face and mouth, by the landmarks of the real video."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_mesh import OUTER_LIPS, POINTS
from talkgraph.nodes.values import FaceTrack

Mask = NDArray[np.bool_]

MOUTH_MARGIN = 0.3  # of the mouth's width, on every side


def face_region(track: FaceTrack, frame: int, side: int) -> Mask:
    """The convex hull of the face's landmarks in a frame of `side` px, `[shape=(side, side)]`."""
    from scipy.spatial import ConvexHull
    from skimage.draw import polygon

    points = _points(track, frame, side)
    hull = points[ConvexHull(points).vertices]
    region = np.zeros((side, side), bool)
    region[polygon(hull[:, 1] - 0.5, hull[:, 0] - 0.5, region.shape)] = True  # type: ignore[no-untyped-call]
    return region


def mouth_region(track: FaceTrack, frame: int, side: int) -> Mask:
    """The upright box around the lips with .3 of their width on every side, likewise."""
    lips = _points(track, frame, side)[list(OUTER_LIPS)]
    margin = MOUTH_MARGIN * np.ptp(lips[:, 0])
    low = np.clip(np.floor(lips.min(0) - margin), 0, side).astype(int)
    high = np.clip(np.ceil(lips.max(0) + margin), 0, side).astype(int)
    region = np.zeros((side, side), bool)
    region[low[1] : high[1], low[0] : high[0]] = True
    return region


def _points(track: FaceTrack, frame: int, side: int) -> NDArray[np.float64]:
    return track.landmarks[frame, :POINTS, :2].astype(np.float64) * (side / track.size)
