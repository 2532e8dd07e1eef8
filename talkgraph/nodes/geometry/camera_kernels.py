"""The camera's formulas compiled, for what is done in every frame. Imports numba: import lazily."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled
from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL

Real = NDArray[np.floating[Any]]


@compiled()
def pictured(
    point_in_head: Real, camera_from_head: Real, translation: Real, size: float
) -> NDArray[np.float64]:
    """Where `point_in_head [shape=(V, 3)]` appears, `[shape=(V, 2), float64]`, px.

    The same as `project(point_in_camera(...), size)[0]`, in one pass.
    """
    xy = np.empty((len(point_in_head), 2))
    m = camera_from_head
    for i in range(len(point_in_head)):
        px, py, pz = point_in_head[i, 0], point_in_head[i, 1], point_in_head[i, 2]
        x = px * m[0, 0] + py * m[0, 1] + pz * m[0, 2] + translation[0]
        y = px * m[1, 0] + py * m[1, 1] + pz * m[1, 2] + translation[1]
        z = px * m[2, 0] + py * m[2, 1] + pz * m[2, 2] + translation[2]
        scale = FOCAL * size / (DISTANCE - z)
        xy[i, 0] = size / 2 + scale * x
        xy[i, 1] = size / 2 - scale * y
    return xy
