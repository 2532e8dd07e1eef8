"""The one camera of all stages: perspective, fixed, ten units in front of the head.

point_in_camera = R(rotation) @ point_in_head + translation
x_image = S / 2 + F * S * x / (10 - z);  y_image = S / 2 - F * S * y / (10 - z)

for a square picture of S px. Image x points right and y down, and (0, 0) is the outer corner of
the top left pixel. The focal length of 1015 px at 224 px and the distance of 10 are those of
Deng et al. 2019 ("Accurate 3D face reconstruction with weakly-supervised learning"), the
reconstruction that Yi et al. 2020, section 3.1, use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from talkgraph.nodes.geometry.rotation import Real, matrix_from_angles

FOCAL = 1015 / 224  # focal length in picture sides
DISTANCE = 10.0  # of the camera from the origin, in head units


def point_in_camera(point_in_head: ArrayLike, rotation: ArrayLike, translation: ArrayLike) -> Real:
    """Move points from the head's space to the camera's.

    Args:
        point_in_head: `[shape=(..., V, 3)]`, head units.
        rotation: `[shape=(..., 3)]`, (pitch, yaw, roll) in rad.
        translation: `[shape=(..., 3)]`, head units.

    Returns:
        `[shape=(..., V, 3)]`, leading dimensions broadcast.
    """
    points, shift = np.asarray(point_in_head), np.asarray(translation)
    camera_from_head = matrix_from_angles(rotation)
    moved: Real = points @ np.swapaxes(camera_from_head, -1, -2) + shift[..., None, :]
    return moved


def project(points: ArrayLike, size: float) -> tuple[Real, Real]:
    """Project camera points into the picture.

    Args:
        points: point_in_camera `[shape=(..., 3)]`.
        size: side of the picture, px.

    Returns:
        xy `[shape=(..., 2)]` in px, and depth `[shape=(...)]`, the distance 10 - z from the
        camera along its axis in head units (smaller is nearer; not positive: behind the camera).
    """
    p = np.asarray(points)
    depth = DISTANCE - p[..., 2]
    scale = FOCAL * size / depth
    xy = np.stack([size / 2 + scale * p[..., 0], size / 2 - scale * p[..., 1]], axis=-1)
    return xy.astype(p.dtype, copy=False), depth


def projection_jacobian(points: ArrayLike, size: float) -> Real:
    """Derivative of the picture's xy by the camera point.

    Args:
        points: point_in_camera `[shape=(..., 3)]`.
        size: side of the picture, px.

    Returns:
        `[shape=(..., 2, 3)]`, px per head unit.
    """
    p = np.asarray(points)
    depth = DISTANCE - p[..., 2]
    scale = FOCAL * size / depth
    jacobian = np.zeros((*p.shape[:-1], 2, 3), p.dtype)
    jacobian[..., 0, 0] = scale
    jacobian[..., 0, 2] = scale * p[..., 0] / depth
    jacobian[..., 1, 1] = -scale
    jacobian[..., 1, 2] = -scale * p[..., 1] / depth
    return jacobian


def unproject(xy: ArrayLike, depth: ArrayLike, size: float) -> Real:
    """The camera point that `project` sends to `xy` at `depth`.

    Args:
        xy: `[shape=(..., 2)]`, px.
        depth: `[shape=(...)]`, head units from the camera.
        size: side of the picture, px.

    Returns:
        point_in_camera `[shape=(..., 3)]`.
    """
    q, d = np.asarray(xy), np.asarray(depth)
    scale = d / (FOCAL * size)
    x = (q[..., 0] - size / 2) * scale
    y = (size / 2 - q[..., 1]) * scale
    return np.stack([x, y, DISTANCE - d], axis=-1)
