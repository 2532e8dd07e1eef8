"""Smooth landmarks in time: the head's motion and the face's shape apart, lips and lids lightly.

A closed mouth lasts two or three frames at 25 fps, so lips and eyes keep a higher band than the
cheeks, and are smoothed relative to the head, not in the image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.landmarks import (
    EYE_ON_LEFT,
    EYE_ON_RIGHT,
    LIPS,
    MESH,
    POINTS,
)
from talkgraph.nodes.signals import smooth_in_time

# Points that speech and blinks move little: they say where the head is.
_STEADY = np.setdiff1d(np.arange(MESH), np.array(LIPS + EYE_ON_LEFT + EYE_ON_RIGHT))
# Groups that move quickly and as one: each is smoothed lightly, and less where it truly moves.
_QUICK_GROUPS = tuple(
    np.array(group)
    for group in (
        LIPS,
        (*EYE_ON_LEFT, *range(MESH, MESH + 5)),
        (*EYE_ON_RIGHT, *range(MESH + 5, POINTS)),
    )
)
_KEEP = 2.0  # times the usual distance between measured and smoothed: half of more is kept


def smooth_landmarks(
    landmarks: NDArray[np.float32],
    measured: NDArray[np.bool_],
    fps: float,
    *,
    pose_cutoff: float,
    shape_cutoff: float,
    quick_cutoff: float,
) -> NDArray[np.float32]:
    """Smooth `landmarks [shape=(T, 478, 3)]` and bridge the frames that were not measured.

    Args:
        measured: `[shape=(T,)]`; what stands in the other frames is ignored.
        pose_cutoff: Hz, for the similarity transform (place, size, turn in the image) of the head.
        shape_cutoff: Hz, for the face in the head's frame.
        quick_cutoff: Hz, for lips, eyes and irises in the head's frame.
    """
    count = len(landmarks)
    known = np.flatnonzero(measured)
    if len(known) == 0 or count < 3:
        return landmarks.copy()
    bridged = landmarks.astype(np.float64)
    for at in np.flatnonzero(~measured):
        bridged[at] = _between(bridged, known, int(at))
    weights = measured.astype(np.float64)

    reference = np.median(bridged[known][:, _STEADY, :2], axis=0)
    pose = _similarities(bridged[:, _STEADY, :2], reference)
    shape = _apply(_inverse(pose), bridged)
    smooth = np.empty_like(shape)
    smooth[:] = _fill(shape.reshape(count, -1), weights, shape_cutoff, fps).reshape(shape.shape)
    for points in _QUICK_GROUPS:
        part = shape[:, points].reshape(count, -1)
        slow = _fill(part, weights, quick_cutoff, fps)
        smooth[:, points] = _keep_events(part, slow, weights).reshape(count, len(points), 3)
    return _apply(_fill(pose, weights, pose_cutoff, fps), smooth).astype(np.float32)


def _fill(
    series: NDArray[np.float64], weights: NDArray[np.float64], cutoff: float, fps: float
) -> NDArray[np.float64]:
    """Smooth; bridged frames count a little, so that a long gap stays a straight line."""
    return smooth_in_time(series, np.maximum(weights, 0.05), cutoff, fps)


def _keep_events(
    measured: NDArray[np.float64], smooth: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give back what smoothing took from single quick events, such as a closure of one frame.

    The distance between measured and smoothed is noise in most frames; where the whole group is
    several times further away it has moved, and the measurement is followed.
    """
    change = measured - smooth
    distance = np.sqrt((change**2).mean(1))
    usual = float(np.median(distance[weights > 0])) if (weights > 0).any() else 0.0
    share = distance**2 / (distance**2 + (_KEEP * usual) ** 2 + 1e-12)
    return np.asarray(smooth + (share * weights)[:, None] * change)


def _between(
    landmarks: NDArray[np.float64], known: NDArray[np.intp], at: int
) -> NDArray[np.float64]:
    """Linear between the nearest measured frames; at the ends the nearest one is held."""
    after = int(np.searchsorted(known, at))
    if after == 0 or after == len(known):
        return np.asarray(landmarks[known[0 if after == 0 else -1]])
    low, high = known[after - 1], known[after]
    share = (at - low) / (high - low)
    return np.asarray((1 - share) * landmarks[low] + share * landmarks[high])


def _similarities(
    points: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least-squares (a, b, x, y) with points = [[a, -b], [b, a]] reference + (x, y), per frame."""
    centre = points.mean(1)
    origin = reference.mean(0)
    p, q = points - centre[:, None], reference - origin
    norm = (q**2).sum()
    a = (p * q).sum((1, 2)) / norm
    b = (p[..., 1] * q[:, 0] - p[..., 0] * q[:, 1]).sum(1) / norm
    x = centre[:, 0] - a * origin[0] + b * origin[1]
    y = centre[:, 1] - b * origin[0] - a * origin[1]
    return np.stack([a, b, x, y], 1)


def _inverse(pose: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, x, y = pose.T
    norm = a**2 + b**2
    c, s = a / norm, -b / norm
    return np.stack([c, s, -(c * x - s * y), -(s * x + c * y)], 1)


def _apply(pose: NDArray[np.float64], landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn, scale and move x and y; z is scaled."""
    a, b, x, y = (column[:, None] for column in pose.T)
    u, v, depth = np.moveaxis(landmarks, -1, 0)
    return np.stack([a * u - b * v + x, b * u + a * v + y, depth * np.hypot(a, b)], -1)
