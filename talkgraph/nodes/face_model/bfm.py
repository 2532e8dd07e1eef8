"""Basel Face Model 2009 with FaceWarehouse expressions, from a file that the user brings.

BFM_model_front.mat is what Deng et al. 2019 prepare from BFM 2009 (Paysan et al. 2009) and
the expression basis of Guo et al.: 35,709 vertices, 80 identity, 64 expression and 80 texture
components, the sizes of Yi et al. 2020, section 3.1. Its coordinates are ours (x right, y up, z
towards the camera, 1 unit about 10 cm) once the mean shape is centred; its colours are 0 to 255.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, SKIN, FaceModel
from talkgraph.nodes.face_model.inner_surfaces import mouth_patch
from talkgraph.nodes.face_model.matlab import read_matlab
from talkgraph.nodes.geometry.mesh import vertex_normals

LICENCE = "Basel Face Model 2009: non-commercial research, see the University of Basel's licence"
# For the usual 68 points (numbered as in iBUG 300-W) the nearest of the 468; the jaw line is left
# out but for the chin, because the two follow different curves.
TRACKED_OF_68 = {
    8: 152,
    17: 71, 18: 63, 19: 105, 20: 66, 21: 107, 22: 336, 23: 296, 24: 334, 25: 293, 26: 301,
    27: 168, 28: 197, 29: 5, 30: 4, 31: 75, 32: 97, 33: 2, 34: 326, 35: 305,
    36: 33, 37: 160, 38: 158, 39: 133, 40: 153, 41: 144,
    42: 362, 43: 385, 44: 387, 45: 263, 46: 373, 47: 380,
    48: 61, 49: 39, 50: 37, 51: 0, 52: 267, 53: 269, 54: 291, 55: 405, 56: 314, 57: 17, 58: 84,
    59: 181, 60: 78, 61: 82, 62: 13, 63: 312, 64: 308, 65: 317, 66: 14, 67: 87,
}  # fmt: skip
_UPPER_LIP, _LOWER_LIP = (60, 61, 62, 63, 64), (60, 67, 66, 65, 64)
_KEYS = ("meanshape", "idBase", "exBase", "meantex", "texBase", "tri", "keypoints")


def load_bfm(path: Path) -> FaceModel:
    """Read BFM_model_front.mat (MATLAB 5 format; loading executes nothing).

    Args:
        path: the file.

    Raises:
        ModelError: the file is missing, not a MATLAB 5 file, or lacks or misshapes an array.
    """
    remedy = "give BFM_model_front.mat as the reconstruction of Deng et al. 2019 prepares it"
    try:
        stored = _read(Path(path))
        return _face_model(stored)
    except (OSError, ValueError) as error:
        raise ModelError(f"face model {path} cannot be used ({error}); {remedy}") from error


def _read(path: Path) -> dict[str, NDArray[Any]]:
    stored = read_matlab(path, _KEYS)
    missing = [key for key in _KEYS if key not in stored]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    return stored


def _face_model(stored: dict[str, NDArray[Any]]) -> FaceModel:
    mean = stored["meanshape"].reshape(-1, 3).astype(np.float64)
    mean -= mean.mean(axis=0)
    count = len(mean)
    identity = _basis(stored["idBase"], count, 80, "idBase")
    expression = _basis(stored["exBase"], count, 64, "exBase")
    texture = _basis(stored["texBase"], count, 80, "texBase") / 255
    colour = stored["meantex"].reshape(-1, 3).astype(np.float64) / 255
    if len(colour) != count:
        raise ValueError(f"meantex has {len(colour)} vertices, meanshape {count}")
    triangles = stored["tri"].astype(np.int64) - 1  # MATLAB counts from 1
    keypoints = stored["keypoints"].ravel().astype(np.int64) - 1
    if triangles.ndim != 2 or triangles.shape[1] != 3 or keypoints.shape != (68,):
        raise ValueError(f"tri has shape {triangles.shape}, keypoints {keypoints.shape}")
    for name, indices in (("tri", triangles), ("keypoints", keypoints)):
        if indices.min() < 0 or indices.max() >= count:
            raise ValueError(f"{name} names vertices outside of 1...{count}")
    if vertex_normals(mean, triangles)[:, 2].mean() < 0:  # we count counter-clockwise from outside
        triangles = triangles[:, ::-1]
    faces = np.ascontiguousarray(triangles, np.int32)
    upper, lower = ([int(keypoints[k]) for k in rim] for rim in (_UPPER_LIP, _LOWER_LIP))
    inner = mouth_patch(mean, faces, upper, lower)
    patch = len(inner.offset)

    def joined(values: NDArray[Any], added: NDArray[Any]) -> NDArray[np.float32]:
        return np.concatenate([values, added]).astype(np.float32)

    def spread(weights: Any, basis: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(weights @ basis.reshape(count, -1)).reshape(patch, 3, -1)

    return FaceModel(
        mean_shape=joined(mean, inner.shape_weights @ mean + inner.offset),
        identity_basis=joined(identity, spread(inner.shape_weights, identity)),
        expression_basis=joined(expression, spread(inner.expression_weights, expression)),
        mean_albedo=joined(colour, inner.albedo),
        albedo_basis=joined(texture, np.zeros((patch, 3, texture.shape[2]))),
        triangles=np.concatenate([faces, inner.triangles]),
        landmark_vertices=np.array([keypoints[k] for k in TRACKED_OF_68], np.int64),
        landmark_index=np.array(list(TRACKED_OF_68.values()), np.int64),
        region=np.concatenate(
            [np.full(count, SKIN, np.uint8), np.full(patch, INNER_MOUTH, np.uint8)]
        ),
        name="bfm2009",
        licence=LICENCE,
    )


def _basis(stored: NDArray[Any], count: int, components: int, name: str) -> NDArray[np.float64]:
    if stored.shape != (3 * count, components):
        raise ValueError(f"{name} has shape {stored.shape}, expected {(3 * count, components)}")
    return stored.astype(np.float64).reshape(count, 3, components)
