"""Triangle meshes: normals, edges, adjacency and boundary loops.

Triangles are `[shape=(F, 3), int]` vertex indices, counter-clockwise seen from outside.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.nodes.geometry.rotation import Real

Triangles = NDArray[np.int32]
Edges = NDArray[np.int64]


class NormalOperator:
    """Vertex normals of one connectivity for any number of shapes.

    The normal of a vertex is the area-weighted mean of its triangles' normals.
    """

    def __init__(self, triangles: ArrayLike, vertex_count: int) -> None:
        self.triangles = np.ascontiguousarray(triangles)
        self.vertex_count = vertex_count

    def __call__(self, vertices: ArrayLike) -> Real:
        """Unit normals.

        Args:
            vertices: `[shape=(..., V, 3)]`.

        Returns:
            `[shape=(..., V, 3)]`; (0, 0, 1) where a vertex has no triangle of any area.
        """
        from talkgraph.nodes.geometry.mesh_kernels import summed_normals

        v = np.asarray(vertices)
        shapes = np.ascontiguousarray(v.reshape(-1, self.vertex_count, 3))
        summed = [summed_normals(shape, self.triangles) for shape in shapes]
        total = np.array(summed, v.dtype).reshape(v.shape)
        length = np.linalg.norm(total, axis=-1, keepdims=True)
        tiny = length < np.finfo(v.dtype).tiny * 16
        unit = np.where(tiny, np.array([0, 0, 1], v.dtype), total / np.where(tiny, 1, length))
        normals: Real = unit.astype(v.dtype, copy=False)
        return normals


def vertex_normals(vertices: ArrayLike, triangles: ArrayLike) -> Real:
    """Area-weighted unit normals `[shape=(..., V, 3)]` of `vertices [shape=(..., V, 3)]`."""
    v = np.asarray(vertices)
    return NormalOperator(triangles, v.shape[-2])(v)


def directed_edges(triangles: ArrayLike) -> Edges:
    """The three directed edges of each triangle in turn, `[shape=(3 F, 2), int64]`."""
    t = np.asarray(triangles, np.int64)
    return t[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)


def unique_edges(triangles: ArrayLike) -> tuple[Edges, NDArray[np.int64], NDArray[np.int64]]:
    """Undirected edges.

    Returns:
        edges `[shape=(E, 2)]`, smaller index first, sorted; edge of each directed edge
        `[shape=(3 F,)]`; number of triangles at each edge `[shape=(E,)]` (1: boundary).
    """
    pairs = np.sort(directed_edges(triangles), axis=1)
    edges, which, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return edges, which.ravel(), count


def adjacency(triangles: ArrayLike, vertex_count: int) -> Any:
    """Which vertices share an edge: symmetric 0/1 `scipy.sparse.csr_matrix` of side V."""
    from scipy.sparse import csr_matrix

    edges, _, _ = unique_edges(triangles)
    both = np.concatenate([edges, edges[:, ::-1]])
    ones = np.ones(len(both), np.float64)
    return csr_matrix((ones, (both[:, 0], both[:, 1])), shape=(vertex_count, vertex_count))


def boundary_loops(triangles: ArrayLike) -> list[NDArray[np.int64]]:
    """Closed chains of boundary edges, each in the direction of its triangles.

    The mesh lies to the left of each loop: around a hole the loop runs clockwise, around the
    whole it runs counter-clockwise, seen from outside. Loops start at their smallest vertex and
    come longest first.

    Raises:
        ValueError: a vertex lies on two boundaries (the mesh is not a manifold).
    """
    directed = directed_edges(triangles)
    _, which, count = unique_edges(triangles)
    open_edges = directed[count[which] == 1]
    following = dict(open_edges.tolist())
    if len(following) != len(open_edges):
        raise ValueError("mesh is not a manifold: a vertex lies on two boundary loops")
    loops = []
    while following:
        start = min(following)
        loop = [start]
        current = following.pop(start)
        while current != start:
            loop.append(current)
            current = following.pop(current)
        loops.append(np.array(loop, np.int64))
    return sorted(loops, key=lambda found: (-len(found), found[0]))


def vertex_areas(vertices: ArrayLike, triangles: ArrayLike) -> Real:
    """A third of the area of the triangles around each vertex, `[shape=(V,)]`."""
    v, t = np.asarray(vertices), np.asarray(triangles)
    area = np.linalg.norm(np.cross(v[t[:, 1]] - v[t[:, 0]], v[t[:, 2]] - v[t[:, 0]]), axis=1) / 2
    return np.bincount(t.ravel(), np.repeat(area / 3, 3), len(v)).astype(v.dtype)
