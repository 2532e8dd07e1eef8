"""A head pose in Audio2Head's camera, and drawn there as a box.

That camera has x to the right, y down and z away from the viewer, millimetres, a focal length of
233.333 px and its axis through (128, 128) of a picture of 256 px. Ours (see `values`) has y up, z
towards the viewer, head units, another focal length, and stands ten units away. A head of the same
turn, place and size in the picture is taken for the same pose; perspective within the head differs.

    rotation_there = D @ rotation_here @ D,  D = diag(1, -1, -1)
    translation_there = U (x, -y, f (10 - z) / (F S)), U mm in a head unit, F S px our focal length
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.camera import DISTANCE
from talkgraph.nodes.geometry.camera import FOCAL as FOCAL_HERE
from talkgraph.nodes.geometry.rotation import angles_from_matrix, matrix_from_angles
from talkgraph.nodes.keypoint_field.networks import SIZE

Array = NDArray[np.float64]

FOCAL = 233.333  # px
MM = 90.0  # in a head unit: a face is 1.6 units wide, about 145 mm
_NEAR, _FAR, _DEPTH = 75.0, 100.0, 100.0  # mm: half sides of the box's faces, and what is between
_REACH = 1.45  # px from a line that is lit: OpenCV's lines of width 2 with round ends, to 5 %
_FLIP = np.array([1.0, -1.0, -1.0])
_SQUARE = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)], np.float64)
_CORNERS = np.concatenate(
    [
        np.column_stack([_NEAR * _SQUARE, np.zeros(4)]),
        np.column_stack([_FAR * _SQUARE, np.full(4, _DEPTH)]),
    ]
)
_EDGES = np.array(
    [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)]
)
_LIT = 255.0


def pose_there(rotation: NDArray[np.floating], translation: NDArray[np.floating]) -> Array:
    """Rotation vector (rad) and translation (mm) of Audio2Head's camera, `[shape=(T, 6)]`.

    Args:
        rotation: `[shape=(T, 3)]`, (pitch, yaw, roll) in rad.
        translation: `[shape=(T, 3)]`, head units.
    """
    turned = _flipped(matrix_from_angles(np.asarray(rotation, np.float64)))
    x, y, z = np.asarray(translation, np.float64).T
    depth = FOCAL * (DISTANCE - z) / (FOCAL_HERE * SIZE)
    return np.column_stack([_vector(turned), MM * np.stack([x, -y, depth], axis=1)])


def pose_here(pose: NDArray[np.floating]) -> tuple[Array, Array]:
    """The inverse of `pose_there`: (pitch, yaw, roll) in rad and translation in head units."""
    exact = np.asarray(pose, np.float64)
    turned = _flipped(_matrix(exact[:, :3]))
    x, y, depth = exact[:, 3:].T / MM
    z = DISTANCE - depth * (FOCAL_HERE * SIZE) / FOCAL
    return np.asarray(angles_from_matrix(turned), np.float64), np.stack([x, -y, z], axis=1)


def corners(pose: Array) -> Array:
    """The box's corners in the picture, px, `[shape=(T, 8, 2)]`, for `pose [shape=(T, 6)]`."""
    points = _CORNERS @ np.swapaxes(_matrix(pose[:, :3]), -1, -2) + pose[:, None, 3:]
    return np.asarray(FOCAL * points[..., :2] / points[..., 2:] + SIZE / 2)


def drawn(pose: Array) -> NDArray[np.float32]:
    """The edges of the box, 255 on 0, `[shape=(T, 256, 256)]`, for `pose [shape=(T, 6)]`."""
    from talkgraph.nodes.keypoint_field.box_lines import light

    pictures = np.zeros((len(pose), SIZE, SIZE), np.float32)
    for picture, at in zip(pictures, np.trunc(corners(pose)), strict=True):
        light(picture, at, _EDGES, _REACH, _LIT)
    return pictures


def _flipped(matrix: NDArray[np.floating]) -> Array:
    return np.asarray(matrix * np.outer(_FLIP, _FLIP), np.float64)


def _matrix(vector: Array) -> Array:
    """Rotations about `vector [shape=(T, 3)]` by its length in rad (Rodrigues)."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(vector).as_matrix())


def _vector(matrix: Array) -> Array:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_matrix(matrix).as_rotvec())
