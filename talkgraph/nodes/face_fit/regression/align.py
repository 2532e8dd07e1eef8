"""The aligned picture of a face that the network of 257 coefficients sees (Deng et al. 2019).

Five points are matched with those of a standard face by a least-squares scaled orthographic
projection; the picture is scaled until one unit of the standard face measures 102 px, and 224 px
are cut out around the projected origin. The square is not turned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.bfm import TRACKED_OF_68
from talkgraph.nodes.values import Floats

IMAGE = 224  # px, the side of the aligned picture
SCALE = 102.0  # px per unit of the standard face in it
# Eye on the image's left, on its right, nose tip, left and right mouth corner: the standard face
# of Deng et al., in head units (y up).
STANDARD_POINTS = np.array(
    [
        [-0.31148657, 0.29036078, 0.13377953],
        [0.30979887, 0.28972036, 0.13179526],
        [0.0032535, -0.04617932, 0.55244243],
        [-0.25216928, -0.38133916, 0.22405732],
        [0.2484662, -0.38128236, 0.22235769],
    ]
)
# The same five as means of the usual 68 points: an eye is the middle of its two corners.
_OF_68 = ((36, 39), (42, 45), (30,), (48,), (54,))


def five_points(landmarks: Floats) -> NDArray[np.float64]:
    """The five points of each face.

    Args:
        landmarks: `[shape=(T, 478, 3)]`, px.

    Returns:
        `[shape=(T, 5, 2), float64]`, px.
    """
    points = landmarks[..., :2].astype(np.float64)
    tracked = [[TRACKED_OF_68[k] for k in group] for group in _OF_68]
    return np.stack([points[:, group].mean(1) for group in tracked], 1)


def aligned_regions(points: NDArray[np.floating[Any]]) -> Floats:
    """The square around each face that becomes the aligned picture.

    Args:
        points: `[shape=(T, 5, 2)]`, px, as of `five_points`.

    Returns:
        regions of `warp`, `[shape=(T, 4), float32]`: centre and side in px, angle 0.
    """
    homogeneous = np.column_stack([STANDARD_POINTS, np.ones(len(STANDARD_POINTS))])
    # Two rows of a projection matrix per face; the mean of their lengths is the scale, in px.
    rows = np.einsum("kp,tpc->tck", np.linalg.pinv(homogeneous), points)
    scale = np.linalg.norm(rows[..., :3], axis=-1).mean(1)
    side = IMAGE * scale / SCALE
    return np.column_stack([rows[..., 3], side, np.zeros_like(side)]).astype(np.float32)
