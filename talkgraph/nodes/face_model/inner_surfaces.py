"""Surfaces behind the openings of the mesh, so that an open mouth or eye is never a hole.

Behind the lips stands a patch like two rows of teeth: its upper rows are rigid with the skull,
its lower rows move with the lower lip, the rows between stretch when the jaw opens. Behind the
lids stands a slightly convex patch, rigid with the skull. A lining joins each rim to its patch, so
that no view looks past it. Closed lips and lids hide all of it by depth. Everything is linear in
the surrounding vertices and so becomes part of the mean and the bases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_mesh import LEFT_EYE, MOUTH, RIGHT_EYE, opening_rims
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH
from talkgraph.nodes.geometry.mesh import Triangles

Array = NDArray[np.float64]


@attrs.frozen
class Row:
    """One row of a patch, from the left corner to the right one.

    follows: which rim it is anchored to: 1 the upper, 0 the lower, between: a blend.
    up: height above that rim (head units).   back: distance behind it.
    jaw: how much of the lower rim's mean motion it takes part in.
    albedo: default RGB reflectance.
    """

    follows: float
    up: float
    back: float
    jaw: float
    albedo: tuple[float, float, float]


TOOTH, LOWER_TOOTH, DARK = (0.62, 0.56, 0.52), (0.50, 0.44, 0.41), (0.20, 0.09, 0.08)
LINING = (0.16, 0.07, 0.065)  # the inside of lips and lids, in shadow
GUM, WHITE, IRIS = (0.45, 0.22, 0.21), (0.72, 0.66, 0.64), (0.16, 0.11, 0.09)
# Heights in head units; 0.1 is about 9 mm, a central incisor.
MOUTH_ROWS = (
    Row(1, 0.17, 0.13, 0.0, GUM),
    Row(1, 0.12, 0.12, 0.0, GUM),
    Row(1, 0.08, 0.11, 0.0, TOOTH),
    Row(1, 0.05, 0.10, 0.0, TOOTH),
    Row(1, 0.02, 0.10, 0.0, TOOTH),
    Row(1, -0.01, 0.10, 0.0, TOOTH),
    Row(1, -0.035, 0.10, 0.0, TOOTH),
    Row(1, -0.05, 0.12, 0.0, DARK),
    Row(0.66, -0.04, 0.15, 0.33, DARK),
    Row(0.33, -0.03, 0.15, 0.66, DARK),
    Row(0, -0.02, 0.13, 1.0, DARK),
    Row(0, -0.03, 0.12, 1.0, LOWER_TOOTH),
    Row(0, -0.06, 0.11, 1.0, LOWER_TOOTH),
    Row(0, -0.09, 0.11, 1.0, LOWER_TOOTH),
    Row(0, -0.13, 0.12, 1.0, GUM),
    Row(0, -0.18, 0.13, 1.0, GUM),
)
EYE_HEIGHTS = np.linspace(0.115, -0.115, 13)
EYE_ROWS = tuple(Row(0.5, float(up), 0.025, 0.0, WHITE) for up in EYE_HEIGHTS)
MOUTH_COLUMNS, EYE_COLUMNS = 33, 25
ARCH = 0.06  # how much further back the patch lies at its ends than in its middle, mouth
REACH = 1.04  # width of a patch, in widths of its opening
CLEARANCE = 0.03  # a patch lies at least this far behind the skin around its opening
# Where a tooth ends, mm from the midline, above and below (means of adults), and how dark it is
# there between two: colours of a vertex reach 1.5 mm to either side.
TOOTH_ENDS = {TOOTH: (0.0, 8.6, 15.2, 22.8), LOWER_TOOTH: (0.0, 5.3, 11.2, 18.1)}
BETWEEN_TEETH = 0.82
HEAD_UNIT = 90.0  # mm
DIM = 0.7  # how much darker the mouth patch is at its ends, in the shadow of the cheeks
IRIS_RADIUS = 0.06
CORNEA = 2.0  # curvature of the eye patch: it recedes by CORNEA * height**2


@attrs.frozen
class InnerSurfaces:
    """Patches that are to be appended to a mesh of V vertices as P further ones.

    shape_weights, expression_weights: sparse `[shape=(P, V)]`; a patch's mean and identity
        vectors are shape_weights @ those of the mesh, its expression vectors
        expression_weights @ those of the mesh.
    offset: `[shape=(P, 3), float64]`, added to the mean only.
    triangles: `[shape=(G, 3), int32]`, with indices from V on.
    region: `[shape=(P,), uint8]`.   albedo: `[shape=(P, 3), float32]`, defaults.
    """

    shape_weights: Any
    expression_weights: Any
    offset: Array
    triangles: Triangles
    region: NDArray[np.uint8]
    albedo: NDArray[np.float32]


def inner_surfaces(mean_shape: Array, triangles: Triangles) -> InnerSurfaces:
    """Build mouth and eye patches for a (subdivided) landmark mesh.

    Args:
        mean_shape: `[shape=(V, 3)]`, head units; decides how far back the patches must lie.
        triangles: `[shape=(F, 3)]`, with open eyes and mouth.

    Raises:
        ValueError: the mesh lacks one of the three openings.
    """
    from scipy.sparse import vstack

    mean = np.asarray(mean_shape, np.float64)
    parts = []
    first = len(mean)
    for opening, region in ((MOUTH, INNER_MOUTH), (LEFT_EYE, EYE), (RIGHT_EYE, EYE)):
        rims = opening_rims(triangles, opening)
        parts.append(_patch(mean, triangles, rims, region, first))
        first += len(parts[-1].offset)
    return InnerSurfaces(
        shape_weights=vstack([part.shape_weights for part in parts]).tocsr(),
        expression_weights=vstack([part.expression_weights for part in parts]).tocsr(),
        offset=np.concatenate([part.offset for part in parts]),
        triangles=np.concatenate([part.triangles for part in parts]),
        region=np.concatenate([part.region for part in parts]),
        albedo=np.concatenate([part.albedo for part in parts]),
    )


def mouth_patch(
    mean_shape: Array, triangles: Triangles, upper_rim: list[int], lower_rim: list[int]
) -> InnerSurfaces:
    """Build the patch behind the lips alone, without a lining, for any mesh.

    Args:
        mean_shape: `[shape=(V, 3)]`, head units.
        triangles: `[shape=(F, 3)]`.
        upper_rim, lower_rim: a few vertices on the inner edge of each lip from the left corner of
            the mouth to the right one, corners included in both.
    """
    rims = (list(upper_rim), list(lower_rim))
    mean = np.asarray(mean_shape, np.float64)
    return _patch(mean, triangles, rims, INNER_MOUTH, len(mean), lined=False)


def _patch(
    mean: Array,
    triangles: Triangles,
    rims: tuple[list[int], list[int]],
    region: int,
    first: int,
    lined: bool = True,
) -> InnerSurfaces:
    from scipy.sparse import csr_matrix

    is_mouth = region == INNER_MOUTH
    rows = MOUTH_ROWS if is_mouth else EYE_ROWS
    columns = MOUTH_COLUMNS if is_mouth else EYE_COLUMNS
    upper_rim, lower_rim = rims
    rim = [*upper_rim, *lower_rim]  # the patch depends on these vertices alone
    across = np.linspace(-1, 1, columns)
    upper = np.zeros((columns, len(rim)))
    lower = np.zeros_like(upper)
    upper[:, : len(upper_rim)] = _along_rim(mean[upper_rim, 0], (across + 1) / 2)
    lower[:, len(upper_rim) :] = _along_rim(mean[lower_rim, 0], (across + 1) / 2)
    middle = np.zeros(len(rim))
    third = len(lower_rim) // 3
    middle[len(upper_rim) + third : len(rim) - third] = 1 / (len(lower_rim) - 2 * third)

    follows = np.repeat([row.follows for row in rows], columns)[:, None]
    grid_weights = follows * np.tile(upper, (len(rows), 1))
    grid_weights += (1 - follows) * np.tile(lower, (len(rows), 1))
    grid_motion = np.repeat([row.jaw for row in rows], columns)[:, None] * middle
    place = np.tile(across, len(rows))
    up = np.repeat([row.up for row in rows], columns)
    back = np.repeat([row.back for row in rows], columns)
    back = back + (ARCH * place**2 if is_mouth else CORNEA * up**2)
    width = np.linalg.norm(mean[upper_rim[-1]] - mean[upper_rim[0]])
    wider = place * (REACH - 1) * width / 2
    offset = np.stack([wider, up, -back], axis=1)
    placed = grid_weights @ mean[rim] + offset
    behind = _surface_height(mean, triangles, placed[:, :2]) - CLEARANCE
    offset[:, 2] += np.minimum(behind - placed[:, 2], 0)

    albedo = np.repeat(np.array([row.albedo for row in rows], np.float32), columns, axis=0)
    if is_mouth:
        albedo *= (1 - DIM * place**4)[:, None].astype(np.float32)
        albedo *= _between_teeth(rows, across * width / 2 * HEAD_UNIT)[:, None]
    else:
        radius = np.hypot(place * width / 2, up)
        albedo[radius < IRIS_RADIUS] = IRIS

    def over_mesh(weights: Array) -> Any:
        rim_from_mesh = csr_matrix(
            (np.ones(len(rim)), (np.arange(len(rim)), rim)), shape=(len(rim), len(mean))
        )
        return csr_matrix(weights) @ rim_from_mesh

    grid = first + np.arange(len(rows) * columns).reshape(len(rows), columns)
    faces = [_strip(grid[row], grid[row + 1]) for row in range(len(rows) - 1)]
    if lined:
        # The two rims again (own vertices: own normals and colours), joined to the grid.
        own = np.eye(len(rim))
        grid_weights = np.concatenate([grid_weights, own])
        grid_motion = np.concatenate([grid_motion, own])
        offset = np.concatenate([offset, np.zeros((len(rim), 3))])
        lining = np.full((len(rim), 3), LINING, np.float32)
        albedo = np.concatenate([albedo, lining])
        rim_index = first + grid.size + np.arange(len(rim))
        top, bottom = rim_index[: len(upper_rim)], rim_index[len(upper_rim) :]
        faces += [_strip(top, grid[0])[:, ::-1], _strip(bottom, grid[-1])]
        faces += [_fan(top[0], grid[:, 0]), _fan(top[-1], grid[::-1, -1])]
    return InnerSurfaces(
        shape_weights=over_mesh(grid_weights),
        expression_weights=over_mesh(grid_motion),
        offset=offset,
        triangles=np.concatenate(faces).astype(np.int32),
        region=np.full(len(offset), region, np.uint8),
        albedo=albedo,
    )


def _between_teeth(rows: Sequence[Row], across: Array) -> NDArray[np.float32]:
    """Share of light at each vertex of a patch, columns `across` mm from the midline."""
    share = np.ones((len(rows), len(across)), np.float32)
    for at, row in enumerate(rows):
        for end in TOOTH_ENDS.get(row.albedo, ()):
            for side in (-end, end):
                share[at, np.abs(across - side).argmin()] = BETWEEN_TEETH
    return share.ravel()


def _along_rim(x: Array, fractions: Array) -> Array:
    """Interpolation weights `[shape=(N, R)]` at fractions of the way from x[0] to x[R - 1]."""
    forward = np.maximum.accumulate(x) + np.arange(len(x)) * 1e-9
    at = np.interp(x[0] + fractions * (x[-1] - x[0]), forward, np.arange(len(x)))
    low = np.clip(at.astype(int), 0, len(x) - 2)
    weights = np.zeros((len(fractions), len(x)))
    rows = np.arange(len(fractions))
    weights[rows, low] = 1 - (at - low)
    weights[rows, low + 1] = at - low
    return weights


def _strip(upper: NDArray[np.int64], lower: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles between two chains that run from left to right, counter-clockwise seen from +z."""
    faces = []
    i = j = 0
    while i < len(upper) - 1 or j < len(lower) - 1:
        ahead_above = (i + 1) / (len(upper) - 1) if i < len(upper) - 1 else np.inf
        ahead_below = (j + 1) / (len(lower) - 1) if j < len(lower) - 1 else np.inf
        if ahead_above <= ahead_below:
            faces.append((upper[i], lower[j], upper[i + 1]))
            i += 1
        else:
            faces.append((upper[i], lower[j], lower[j + 1]))
            j += 1
    return np.array(faces, np.int64)


def _fan(corner: int, chain: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles from one corner of the opening to a side of its patch."""
    return np.stack([np.full(len(chain) - 1, corner), chain[:-1], chain[1:]], axis=1)


def _surface_height(mean: Array, triangles: Triangles, xy: Array) -> Array:
    """Lowest z of the mesh above points of the xy plane, `[shape=(N,)]`; inf where none is."""
    corners = mean[np.asarray(triangles)]
    low, high = corners[:, :, :2].min(axis=1), corners[:, :, :2].max(axis=1)
    heights = np.full(len(xy), np.inf)
    for index, point in enumerate(xy):
        near = corners[((low <= point) & (point <= high)).all(axis=1)]
        if not len(near):
            continue
        a, b, c = near[:, 0], near[:, 1] - near[:, 0], near[:, 2] - near[:, 0]
        d = point - a[:, :2]
        area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
        solid = np.abs(area) > 1e-12
        safe = np.where(solid, area, 1)
        s = (d[:, 0] * c[:, 1] - d[:, 1] * c[:, 0]) / safe
        t = (b[:, 0] * d[:, 1] - b[:, 1] * d[:, 0]) / safe
        inside = solid & (s >= 0) & (t >= 0) & (s + t <= 1)
        if inside.any():
            z = a[:, 2] + s * b[:, 2] + t * c[:, 2]
            heights[index] = z[inside].min()
    return heights
