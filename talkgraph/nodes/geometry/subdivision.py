"""Loop subdivision of open triangle meshes as a sparse linear operator.

Loop, "Smooth subdivision surfaces based on triangles", 1987, with his weights for interior
vertices and the cubic B-spline rules along boundaries (Hoppe et al. 1994): an old boundary vertex
becomes 3/4 of itself and 1/8 of each boundary neighbour, a new one the middle of its edge.
Linear, so that a mean shape and its basis vectors are refined alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.nodes.geometry.mesh import Triangles, unique_edges


def subdivide_once(triangles: ArrayLike, vertex_count: int) -> tuple[Any, Triangles]:
    """One step of Loop subdivision.

    Args:
        triangles: `[shape=(F, 3)]`, a manifold with or without boundary.
        vertex_count: V.

    Returns:
        operator, sparse `[shape=(V + E, V)]`: fine = operator @ coarse; rows 0..V-1 are the old
        vertices, moved; and the fine triangles `[shape=(4 F, 3), int32]`, the four children of
        triangle f at 4 f ... 4 f + 3.
    """
    from scipy.sparse import coo_matrix, csr_matrix

    t = np.asarray(triangles, np.int64)
    edges, which, count = unique_edges(t)
    edge_of_side = which.reshape(-1, 3)
    is_boundary = count == 1
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []

    def put(row: NDArray[np.int64], column: NDArray[np.int64], weight: ArrayLike) -> None:
        rows.append(row)
        columns.append(column)
        values.append(np.broadcast_to(np.asarray(weight, np.float64), row.shape))

    # New vertices: 3/8 of the edge's ends and 1/8 of the two opposite corners; 1/2 at a boundary.
    new = vertex_count + np.arange(len(edges))
    for end in range(2):
        put(new, edges[:, end], np.where(is_boundary, 1 / 2, 3 / 8))
    opposite = t[:, [2, 0, 1]]
    inner = ~is_boundary[edge_of_side]
    put(vertex_count + edge_of_side[inner], opposite[inner], 1 / 8)

    # Old vertices.
    old = np.arange(vertex_count)
    on_boundary = np.zeros(vertex_count, bool)
    on_boundary[edges[is_boundary]] = True
    degree = np.bincount(edges.ravel(), minlength=vertex_count)
    safe = np.maximum(degree, 1)
    beta = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / safe) / 4) ** 2) / safe
    alone = degree == 0
    put(old, old, np.where(alone, 1, np.where(on_boundary, 3 / 4, 1 - degree * beta)))
    for here, there in ((0, 1), (1, 0)):
        a, b = edges[:, here], edges[:, there]
        interior = ~on_boundary[a]
        put(a[interior], b[interior], beta[a[interior]])
        put(a[is_boundary], b[is_boundary], 1 / 8)

    shape = (vertex_count + len(edges), vertex_count)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    operator = csr_matrix(coo_matrix(entries, shape=shape))
    ab, bc, ca = (vertex_count + edge_of_side[:, k] for k in range(3))
    a, b, c = t.T
    children = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], axis=1)
    return operator, children.reshape(-1, 3).astype(np.int32)


def subdivide(triangles: ArrayLike, vertex_count: int, levels: int) -> tuple[Any, Triangles]:
    """`levels` steps of Loop subdivision as one operator; see `subdivide_once`."""
    from scipy.sparse import identity

    operator: Any = identity(vertex_count, format="csr")
    fine = np.asarray(triangles, np.int32)
    for _ in range(levels):
        step, fine = subdivide_once(fine, operator.shape[0])
        operator = step @ operator
    return operator, fine


def refine(operator: Any, values: ArrayLike, corrections: int = 0) -> NDArray[np.float64]:
    """Apply a subdivision operator, optionally so that the old vertices keep their values.

    Loop subdivision smooths: old vertices move inwards, which rounds the corners of eyes and
    mouth. Each correction adds to the control values what the old vertices have lost (Richardson
    iteration); with enough of them the surface passes through the old vertices, few of them give
    most of that without amplifying noise.

    Args:
        operator: from `subdivide`, sparse `[shape=(W, V)]`.
        values: `[shape=(V, ...)]`.
        corrections: number of Richardson steps; 0 is plain Loop subdivision.

    Returns:
        `[shape=(W, ...), float64]`.
    """
    wanted = np.asarray(values, np.float64)
    flat = wanted.reshape(len(wanted), -1)
    own = operator[: len(flat)]
    control = flat.copy()
    for _ in range(corrections):
        control += flat - own @ control
    return np.asarray(operator @ control).reshape(operator.shape[0], *wanted.shape[1:])
