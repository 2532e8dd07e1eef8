"""Compiled loops over triangle meshes. Imports numba: import this module lazily."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled

Real = NDArray[np.floating[Any]]


@compiled()
def summed_normals(vertices: Real, triangles: NDArray[np.integer[Any]]) -> Real:
    """Sums of the area vectors of the triangles around each vertex, doubled, `[shape=(V, 3)]`."""
    total = np.zeros_like(vertices)
    for f in range(len(triangles)):
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ux, vx = vertices[b, 0] - vertices[a, 0], vertices[c, 0] - vertices[a, 0]
        uy, vy = vertices[b, 1] - vertices[a, 1], vertices[c, 1] - vertices[a, 1]
        uz, vz = vertices[b, 2] - vertices[a, 2], vertices[c, 2] - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            total[corner, 0] += x
            total[corner, 1] += y
            total[corner, 2] += z
    return total
