"""Compiled loops that lay what the refiner changes over a frame. Imports numba: import lazily."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled

Pictures = NDArray[np.uint8]
Singles = NDArray[np.float32]


@compiled()
def changed(picture: Pictures, change: Singles, share: Singles) -> None:
    """Add `share [shape=(H, W)]` of `change [shape=(H, W, 3)]`, 1 for white, in place."""
    white, low = np.float32(255), np.float32(0)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            for d in range(3):
                unit = np.float32(picture[row, column, d]) / white
                unit += change[row, column, d] * share[row, column]
                level = min(max(np.rint(unit * white), low), white)
                picture[row, column, d] = np.uint8(np.int32(level))


@compiled()
def within(made: Pictures, frames: Pictures, face: Pictures) -> Pictures:
    """`frames [shape=(N, H, W, 3)]`, with `made` as far as `face [shape=(N, H, W, 4)]` covers."""
    result = frames.copy()
    white = np.float32(255)
    for k in range(len(made)):
        for row in range(made.shape[1]):
            for column in range(made.shape[2]):
                if face[k, row, column, 3] > 0:
                    share = np.float32(face[k, row, column, 3]) / white
                    for d in range(3):
                        under = np.float32(frames[k, row, column, d])
                        over = np.float32(made[k, row, column, d])
                        level = np.rint(under + share * (over - under))
                        result[k, row, column, d] = np.uint8(np.int32(level))
    return result
