"""The face model's file: the 468-point level only, refined when it is loaded.

An .npz without pickles: `mean_shape (468, 3) float32`, `identity_basis (468, 3, 80) float16`,
`expression_basis (468, 3, 64) float16`, `mean_albedo (N, 3) float16` and `albedo_basis
(M, 3, 80) float16` at any level of subdivision, optionally `inner_albedo (P, 3) float16` for the
patches in mouth and eyes, and `facts`, a JSON text with name and licence. Loading can execute
nothing.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_mesh import LIPS, POINTS, face_mesh_triangles
from talkgraph.nodes.face_model.face_model import EYE, LIP, SKIN, FaceModel
from talkgraph.nodes.face_model.inner_surfaces import inner_surfaces
from talkgraph.nodes.geometry.subdivision import refine, subdivide

LEVELS = 2
CORRECTIONS = 8  # Richardson steps: the refined mesh passes through the landmarks to 0.1 per mille
IDENTITY, EXPRESSION, ALBEDO = 80, 64, 80  # components, Yi et al. 2020, section 3.1
_ARRAYS = ("mean_shape", "identity_basis", "expression_basis", "mean_albedo", "albedo_basis")


def save_face_model(
    path: Path,
    *,
    mean_shape: ArrayLike,
    identity_basis: ArrayLike,
    expression_basis: ArrayLike,
    mean_albedo: ArrayLike,
    albedo_basis: ArrayLike,
    name: str,
    licence: str,
    inner_albedo: ArrayLike | None = None,
) -> None:
    """Write a face model of the 468-point landmark mesh.

    Fewer components than 80/64/80 are filled up with zeros.

    Args:
        path: the .npz to write.
        mean_shape: `[shape=(468, 3)]`, head units.
        identity_basis: `[shape=(468, 3, <=80)]`.   expression_basis: `[shape=(468, 3, <=64)]`.
        mean_albedo: `[shape=(N, 3)]`, RGB in [0, 1]; N = 468, 1790 or 6990.
        albedo_basis: `[shape=(M, 3, <=80)]`, M likewise.
        name, licence: carried in the file.
        inner_albedo: `[shape=(P, 3)]`, of the patches in mouth and eyes at level 2; of the mouth's
            stay the defaults of `inner_surfaces`.

    Raises:
        ValueError: an array has the wrong shape or is not finite.
    """
    arrays: dict[str, NDArray[Any]] = {
        "mean_shape": np.asarray(mean_shape, np.float32),
        "identity_basis": _filled_up(identity_basis, IDENTITY),
        "expression_basis": _filled_up(expression_basis, EXPRESSION),
        "mean_albedo": np.asarray(mean_albedo, np.float16),
        "albedo_basis": _filled_up(albedo_basis, ALBEDO),
    }
    if inner_albedo is not None:
        arrays["inner_albedo"] = np.asarray(inner_albedo, np.float16)
    _check(arrays)
    facts = json.dumps({"name": name, "licence": licence})
    np.savez_compressed(path, facts=np.array(facts), **arrays)  # type: ignore[arg-type]


def load_face_model(path: Path, levels: int = LEVELS) -> FaceModel:
    """Read a face model and refine it.

    Args:
        path: written by `save_face_model`.
        levels: steps of Loop subdivision; 2 gives 6990 vertices besides the inner surfaces.

    Raises:
        ModelError: the file is missing, damaged or not a face model.
    """
    remedy = "reinstall talkgraph, or give a file made with `learn_face_model`"
    try:
        if not zipfile.is_zipfile(path):  # else NumPy advises to load it unsafely
            raise ValueError("it is no archive of arrays")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in (*_ARRAYS, "inner_albedo") if key in stored}
            facts = json.loads(str(stored["facts"]))
        missing = [key for key in _ARRAYS if key not in arrays]
        if missing:
            raise ValueError(f"it lacks {', '.join(missing)}")
        _check(arrays)
        name, licence = str(facts["name"]), str(facts["licence"])
    except Exception as error:  # on damaged files zipfile, zlib and NumPy raise nearly anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"face model {path} cannot be used ({reason}); {remedy}") from error
    return refined_face_model(
        **{key: arrays[key] for key in _ARRAYS},
        inner_albedo=arrays.get("inner_albedo"),
        name=name,
        licence=licence,
        levels=levels,
    )


def refined_face_model(
    *,
    mean_shape: ArrayLike,
    identity_basis: ArrayLike,
    expression_basis: ArrayLike,
    mean_albedo: ArrayLike,
    albedo_basis: ArrayLike,
    name: str,
    licence: str,
    inner_albedo: ArrayLike | None = None,
    levels: int = LEVELS,
) -> FaceModel:
    """The face model of arrays on the 468-point mesh; arguments as for `save_face_model`."""
    operator, triangles = subdivide(face_mesh_triangles(), POINTS, levels)
    mean = refine(operator, mean_shape, CORRECTIONS)
    identity = refine(operator, _filled_up(identity_basis, IDENTITY), CORRECTIONS)
    expression = refine(operator, _filled_up(expression_basis, EXPRESSION), CORRECTIONS)
    inner = inner_surfaces(mean, triangles)
    colour = _at_level(mean_albedo, levels, "mean_albedo")
    colour_basis = _at_level(_filled_up(albedo_basis, ALBEDO), levels, "albedo_basis")
    inner_colour = inner.albedo
    if inner_albedo is not None and len(np.asarray(inner_albedo)) == len(inner_colour):
        # A mean over many open mouths is neither teeth nor the dark between them: only that of the
        # eyes is used.
        learned = np.asarray(inner_albedo, np.float32)
        inner_colour = np.where((inner.region == EYE)[:, None], learned, inner.albedo)
    lips = np.zeros(POINTS)
    lips[list(LIPS)] = 1
    region = np.where(operator @ lips >= 0.5, LIP, SKIN).astype(np.uint8)
    return FaceModel(
        mean_shape=_stack(mean, inner.shape_weights @ mean + inner.offset),
        identity_basis=_stack(identity, _spread(inner.shape_weights, identity)),
        expression_basis=_stack(expression, _spread(inner.expression_weights, expression)),
        mean_albedo=_stack(colour, inner_colour),
        albedo_basis=_stack(colour_basis, np.zeros((len(inner_colour), 3, ALBEDO))),
        triangles=np.concatenate([triangles, inner.triangles]),
        landmark_vertices=np.arange(POINTS, dtype=np.int64),
        landmark_index=np.arange(POINTS, dtype=np.int64),
        region=np.concatenate([region, inner.region]),
        name=name,
        licence=licence,
    )


def _stack(surface: NDArray[Any], inner: NDArray[Any]) -> NDArray[np.float32]:
    return np.concatenate([surface, inner]).astype(np.float32)


def _spread(weights: Any, basis: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = basis.reshape(len(basis), -1)
    return np.asarray(weights @ flat).reshape(weights.shape[0], *basis.shape[1:])


def _filled_up(basis: ArrayLike, components: int) -> NDArray[np.float16]:
    array = np.asarray(basis, np.float16)
    if array.ndim != 3 or array.shape[1] != 3 or array.shape[2] > components:
        raise ValueError(f"a basis needs shape (vertices, 3, <={components}), got {array.shape}")
    return np.pad(array, ((0, 0), (0, 0), (0, components - array.shape[2])))


def _at_level(values: ArrayLike, levels: int, name: str) -> NDArray[np.float64]:
    """Bring per-vertex values from whichever level they are stored at to level `levels`."""
    array = np.asarray(values, np.float64)
    for stored in range(levels + 1):
        operator, triangles = subdivide(face_mesh_triangles(), POINTS, stored)
        if operator.shape[0] == len(array):
            further, _ = subdivide(triangles, len(array), levels - stored)
            return refine(further, array)
    if len(array) > operator.shape[0]:  # finer than wanted: old vertices come first
        return array[: operator.shape[0]]
    raise ValueError(f"{name} has {len(array)} vertices, which is no level of the face mesh")


def _check(arrays: dict[str, NDArray[Any]]) -> None:
    expected = {
        "mean_shape": (POINTS, 3),
        "identity_basis": (POINTS, 3, IDENTITY),
        "expression_basis": (POINTS, 3, EXPRESSION),
        "mean_albedo": (None, 3),
        "albedo_basis": (None, 3, ALBEDO),
        "inner_albedo": (None, 3),
    }
    for key, array in arrays.items():
        wanted = expected[key]
        fits = array.ndim == len(wanted) and all(
            want in (None, got) for want, got in zip(wanted, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{key} has shape {array.shape}, expected {wanted}")
        if not np.isfinite(array).all():
            raise ValueError(f"{key} holds values that are not finite")
