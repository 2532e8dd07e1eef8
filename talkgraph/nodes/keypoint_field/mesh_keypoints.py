"""Keypoints from points of the face mesh, instead of a network that looks for them.

Each keypoint is the middle of a group of landmarks; its Jacobian is the linear map that takes the
group, as it lies in the mean face seen from the front, to where it lies now. A group that is small
or nearly a line says little about some directions: there the map leans towards that of the whole
face. Lips and lids have groups of their own, so that they open.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_mesh import POINTS, face_mesh_mirror
from talkgraph.nodes.keypoint_field.networks import COARSE
from talkgraph.nodes.values import Floats

Array = NDArray[np.float64]

_MIDDLE: dict[str, tuple[int, ...]] = {
    "forehead": (10, 109, 338, 67, 297, 151, 9, 108, 337, 69, 299),
    "bridge": (6, 197, 195, 168, 122, 351, 196, 419, 3, 248, 193, 417),
    "nose": (1, 4, 5, 19, 94, 2, 98, 327, 97, 326, 48, 278, 115, 344, 220, 440),
    "upper lip": (40, 39, 37, 0, 267, 269, 270, 80, 81, 82, 13, 312, 311, 310),
    "lower lip": (91, 181, 84, 17, 314, 405, 321, 88, 178, 87, 14, 317, 402, 318),
    "chin": (152, 148, 176, 377, 400, 175, 199, 200, 171, 396, 18, 83, 313),
}
_LEFT: dict[str, tuple[int, ...]] = {
    "brow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "upper lid": (246, 161, 160, 159, 158, 157, 173, 30, 29, 27, 28, 56),
    "lower lid": (7, 163, 144, 145, 153, 154, 155, 110, 24, 23, 22, 26),
    "mouth corner": (61, 76, 62, 78, 185, 184, 183, 191, 146, 77, 96, 95, 57, 186, 92),
    "cheek": (50, 101, 118, 117, 123, 147, 187, 205, 36, 203),
    "jaw": (172, 136, 150, 149, 58, 132, 138, 135, 169),
    "temple": (127, 162, 21, 54, 234, 93, 139, 71, 68),
}
"""On the picture's left; the mirrored mesh gives those on the right."""

FILE = Path(__file__).parent / "mean_face.npz"
"""Of the shipped face model; a trained network may go on with another model."""

_LEAN = 0.002  # weight of the whole face's map; coordinates of a face span about 1


@cache
def groups() -> dict[str, NDArray[np.int64]]:
    """Landmarks of every keypoint, by its name, in the order of the keypoints."""
    mirror = face_mesh_mirror()
    found = {name: np.array(points) for name, points in _MIDDLE.items()}
    for name, points in _LEFT.items():
        found[f"left {name}"] = np.array(points)
        found[f"right {name}"] = mirror[list(points)]
    return found


def keypoints_from_mesh(points: NDArray[np.floating], size: float) -> tuple[Floats, Floats]:
    """Positions `[shape=(T, K, 2)]` and Jacobians `[shape=(T, K, 2, 2)]`, see `Keypoints`.

    Args:
        points: `[shape=(T, 468 or more, 2 or more)]`, px of a square picture of `size` px.
    """
    scale = 2 * COARSE / ((COARSE - 1) * size)  # a map position's middle lies at its grid's value
    shown = np.asarray(points[:, :POINTS, :2], np.float64) * scale - COARSE / (COARSE - 1)
    reference = _reference()
    whole, _ = _linear(reference, shown, None)
    positions, bends = [], []
    for group in groups().values():
        bend, middle = _linear(reference[group], shown[:, group], whole)
        positions.append(middle)
        bends.append(bend)
    return (
        np.stack(positions, axis=1).astype(np.float32),
        np.stack(bends, axis=1).astype(np.float32),
    )


def _linear(reference: Array, shown: Array, lean: Array | None) -> tuple[Array, Array]:
    """The maps `[shape=(T, 2, 2)]` of `reference [shape=(n, 2)]` to `shown [shape=(T, n, 2)]`, both
    about their middles, and the middles of `shown`."""
    middle = shown.mean(1)
    there = reference - reference.mean(0)
    here = shown - middle[:, None]
    square = there.T @ there / len(there)
    product = np.swapaxes(here, 1, 2) @ there / len(there)
    if lean is not None:
        square = square + _LEAN * np.eye(2)
        product = product + _LEAN * lean
    return product @ np.linalg.inv(square), middle


@cache
def _reference() -> Array:
    """The mean face from the front, `[shape=(468, 2)]`, y down, one unit wide."""
    with np.load(FILE, allow_pickle=False) as stored:
        return np.asarray(stored["points"], np.float64)
