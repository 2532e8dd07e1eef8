"""Which landmarks cannot be right: a face that changes its shape or jumps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.landmarks import MESH

_MAX_SHAPE = 0.18  # rms distance from the median shape over the face size; a wide mouth has 0.12
_MAX_OFF_CENTRE = 0.35  # distance of the face from the middle of its region, in region sides
_SIZES = (0.35, 1.15)  # of the face over the region's side; 1 / 1.5 where the region fits
_JUMP = 0.35  # distance of the face's middle from the median of its neighbours, in face sizes
_NEIGHBOURS_S = 0.2  # seconds to each side

Floats = NDArray[np.float32]


def plausible(landmarks: Floats, regions: Floats, fps: float) -> NDArray[np.bool_]:
    """Judge every frame.

    Args:
        landmarks: `[shape=(T, 478, 3)]`, px.
        regions: `[shape=(T, 4)]`, where the network looked.

    Returns:
        `[shape=(T,), bool]`.
    """
    finite = np.asarray(np.isfinite(landmarks).all((1, 2)))
    mesh = np.where(finite[:, None, None], landmarks[:, :MESH], 0).astype(np.float64)
    low, high = mesh[..., :2].min(1), mesh[..., :2].max(1)
    middle, extent = (low + high) / 2, (high - low).max(1)
    side = np.maximum(regions[:, 2], 1e-6)
    good = finite & (np.linalg.norm(middle - regions[:, :2], axis=1) < _MAX_OFF_CENTRE * side)
    good &= (extent / side > _SIZES[0]) & (extent / side < _SIZES[1])
    if len(mesh) < 3 or good.sum() < 3:
        return np.asarray(good, bool)
    good &= shape_distance(mesh, good) < _MAX_SHAPE
    reach = max(1, round(_NEIGHBOURS_S * fps))
    known = np.flatnonzero(good)
    for at in known:
        near = known[(abs(known - at) <= reach) & (known != at)]
        if len(near) >= 2:
            jump = np.linalg.norm(middle[at] - np.median(middle[near], axis=0))
            good[at] = jump < _JUMP * extent[at]
    return np.asarray(good, bool)


def shape_distance(mesh: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Rms distance of each face `[shape=(T, 468, 3)]` from the median shape of the good ones.

    Place, turn and size do not count; the unit is the root mean square radius of the face.
    """
    centred = mesh - mesh.mean(1, keepdims=True)
    radius = np.sqrt((centred**2).sum(2).mean(1))
    unit = centred / np.maximum(radius, 1e-9)[:, None, None]
    reference = unit[np.flatnonzero(good)[good.sum() // 2]]
    for _ in range(2):
        turned = np.stack([shape @ _rotation(shape, reference) for shape in unit])
        reference = np.median(turned[good], axis=0)
        reference /= np.sqrt((reference**2).sum(1).mean())
    return np.asarray(np.sqrt(((turned - reference) ** 2).sum(2).mean(1)))


def _rotation(shape: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation that carries the rows of `shape` nearest to `reference` (Kabsch 1976)."""
    u, _, v = np.linalg.svd(shape.T @ reference)
    u[:, 2] *= np.sign(np.linalg.det(u @ v))
    return np.asarray(u @ v)
