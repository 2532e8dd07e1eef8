"""Lines of a box in a picture, in machine code. Imports numba: import lazily."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled


@compiled()
def light(
    picture: NDArray[np.float32],
    corners: NDArray[np.float64],
    edges: NDArray[np.int64],
    reach: float,
    level: float,
) -> None:
    """Set what lies within `reach` px of an edge to `level`.

    Args:
        picture: `[shape=(H, W)]`, written to.
        corners: `[shape=(n, 2)]`, (x, y) in px.
        edges: `[shape=(m, 2)]`, numbers of two corners.
    """
    height, width = picture.shape
    for start, stop in edges:
        x, y = corners[start]
        along, down = corners[stop] - corners[start]
        length = max(along * along + down * down, 1e-9)
        left = max(int(np.floor(min(x, x + along) - reach)), 0)
        right = min(int(np.ceil(max(x, x + along) + reach)) + 1, width)
        top = max(int(np.floor(min(y, y + down) - reach)), 0)
        bottom = min(int(np.ceil(max(y, y + down) + reach)) + 1, height)
        for row in range(top, bottom):
            for column in range(left, right):
                part = ((column - x) * along + (row - y) * down) / length
                part = min(max(part, 0.0), 1.0)
                if np.hypot(column - x - part * along, row - y - part * down) <= reach:
                    picture[row, column] = level
