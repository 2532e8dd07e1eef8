"""The mouth of a tracked face: distance to the real one (LMD), opening of the lips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.values import FaceTrack

Series = NDArray[np.float64]

# The 20 mouth points of the usual 68-point scheme (iBUG 48 ... 67) among the 478 MediaPipe
# landmarks: 12 on the outer contour of the lips, 8 on the inner one, each from the image's left
# corner over the upper lip.
MOUTH = (
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
UPPER_INNER_LIP = (82, 13, 312)
LOWER_INNER_LIP = (87, 14, 317)
OUTER_EYE_CORNERS = (33, 263)
ATVG_SIDE = 256  # px: distances are stated for frames of this size


def mouth_points(track: FaceTrack) -> Series:
    """Return the 20 mouth landmarks, `[shape=(T, 20, 2), float64]`, in px of a 256 px frame."""
    points = track.landmarks[:, MOUTH, :2].astype(np.float64)
    return points * (ATVG_SIDE / track.size)


def landmark_distance(predicted: Series, real: Series) -> float:
    """LMD: how far the mouth's shape is from the real one.

    In each frame both point sets lose their centroid (a mouth in the wrong place costs nothing);
    then the Euclidean distance, mean over the points (not their sum) and over the frames.

    Args:
        predicted, real: `[shape=(T, P, 2)]`, the same points in px.
    """
    if predicted.shape != real.shape or predicted.ndim != 3:
        raise ValueError(f"two (T, P, 2) arrays are needed, got {predicted.shape}, {real.shape}")
    centred = [p - p.mean(axis=1, keepdims=True) for p in (predicted, real)]
    return float(np.linalg.norm(centred[0] - centred[1], axis=-1).mean())


def mouth_opening(track: FaceTrack) -> Series:
    """Gap between the inner lips over the distance of the outer eye corners, `[shape=(T,)]`.

    The gap is the mean of three pairs of points. The ratio does not depend on the picture's size
    or on roll; yaw shortens the eyes' distance, pitch the gap.
    """
    points = track.landmarks[..., :2].astype(np.float64)
    gaps = points[:, UPPER_INNER_LIP] - points[:, LOWER_INNER_LIP]
    left, right = OUTER_EYE_CORNERS
    eyes = np.linalg.norm(points[:, left] - points[:, right], axis=-1)
    opening: Series = np.linalg.norm(gaps, axis=-1).mean(axis=1) / np.maximum(eyes, 1e-6)
    return opening
