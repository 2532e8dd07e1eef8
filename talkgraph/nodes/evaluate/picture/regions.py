"""Which pixels of a frame are face, mouth and eyes, by the landmarks of the real video."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS, POINTS
from talkgraph.nodes.values import FaceTrack

Mask = NDArray[np.bool_]

MARGIN = 0.3  # of the width of mouth or eye, on every side


def face_region(track: FaceTrack, frame: int, side: int) -> Mask:
    """The convex hull of the face's landmarks in a frame of `side` px, `[shape=(side, side)]`."""
    from scipy.spatial import ConvexHull
    from skimage.draw import polygon

    points = _points(track, frame, side)
    hull = points[ConvexHull(points).vertices]
    region = np.zeros((side, side), bool)
    region[polygon(hull[:, 1] - 0.5, hull[:, 0] - 0.5, region.shape)] = True  # type: ignore[no-untyped-call]
    return region


def box_region(track: FaceTrack, frame: int, side: int) -> Mask:
    """The upright box around the face's landmarks, likewise: what others crop to the face."""
    points = _points(track, frame, side)
    return _box(points.min(0), points.max(0), side)


def eyes_region(track: FaceTrack, frame: int, side: int) -> Mask:
    """Two upright boxes around the lids with .3 of their width on every side, likewise."""
    points = _points(track, frame, side)
    left, right = (_around(points[list(rim)], side) for rim in EYE_RIMS)
    return left | right


def mouth_region(track: FaceTrack, frame: int, side: int) -> Mask:
    """The upright box around the lips with .3 of their width on every side, likewise."""
    return _around(_points(track, frame, side)[list(OUTER_LIPS)], side)


def _around(points: NDArray[np.float64], side: int) -> Mask:
    margin = MARGIN * np.ptp(points[:, 0])
    return _box(points.min(0) - margin, points.max(0) + margin, side)


def _box(first: NDArray[np.float64], last: NDArray[np.float64], side: int) -> Mask:
    low = np.clip(np.floor(first), 0, side).astype(int)
    high = np.clip(np.ceil(last), 0, side).astype(int)
    region = np.zeros((side, side), bool)
    region[low[1] : high[1], low[0] : high[0]] = True
    return region


def _points(track: FaceTrack, frame: int, side: int) -> NDArray[np.float64]:
    return track.landmarks[frame, :POINTS, :2].astype(np.float64) * (side / track.size)
