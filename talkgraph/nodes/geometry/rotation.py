"""Rotations of the head between angles and matrices.

Convention: angles (pitch, yaw, roll) in radians about x, y, z; R = Rz(roll) @ Ry(yaw) @ Rx(pitch),
right-handed, acting on columns: point_in_camera = R @ point_in_head + translation. Positive pitch
looks down, positive yaw turns the face to the image's right, positive roll tilts the top of the
head to the image's left. (Deng et al. 2019 use the transpose on row vectors: the same rotation.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.floating[Any]]


def _floating(values: ArrayLike, last: int, name: str) -> Real:
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    if array.shape[-1:] != (last,):
        raise ValueError(f"{name} needs a last dimension of {last}, got shape {array.shape}")
    return array


def _about_axis(angle: Real, axis: int) -> Real:
    """Turn about one axis, `[shape=(..., 3, 3)]`."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    turn = np.zeros((*angle.shape, 3, 3), angle.dtype)
    turn[..., axis, axis] = 1
    turn[..., i, i], turn[..., i, j], turn[..., j, i], turn[..., j, j] = c, -s, s, c
    return turn


def matrix_from_angles(angles: ArrayLike) -> Real:
    """Rotation matrices of (pitch, yaw, roll).

    Args:
        angles: `[shape=(..., 3)]`, rad.

    Returns:
        `[shape=(..., 3, 3)]`, camera_from_head, in the dtype of `angles`.
    """
    given = _floating(angles, 3, "angles")
    about_x, about_y, about_z = (_about_axis(given[..., axis], axis) for axis in range(3))
    return about_z @ about_y @ about_x


def angles_from_matrix(matrix: ArrayLike) -> Real:
    """Angles (pitch, yaw, roll) of rotation matrices; yaw in [-pi/2, pi/2].

    At a yaw of exactly +-pi/2 (gimbal lock) pitch and roll turn about the same line; all of the
    turn is then given to pitch and roll is 0.

    Args:
        matrix: `[shape=(..., 3, 3)]`, proper rotations.

    Returns:
        `[shape=(..., 3)]`, rad.
    """
    m = _floating(matrix, 3, "matrix")
    cos_yaw = np.hypot(m[..., 0, 0], m[..., 1, 0])
    locked = cos_yaw < 8 * np.finfo(m.dtype).eps
    yaw = np.arctan2(-m[..., 2, 0], cos_yaw)
    pitch = np.where(
        locked,
        np.arctan2(-m[..., 1, 2], m[..., 1, 1]),
        np.arctan2(m[..., 2, 1], m[..., 2, 2]),
    )
    roll = np.where(locked, 0.0, np.arctan2(m[..., 1, 0], m[..., 0, 0]))
    return np.stack([pitch, yaw, roll], axis=-1).astype(m.dtype)
