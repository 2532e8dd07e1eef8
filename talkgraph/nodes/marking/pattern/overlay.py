"""Compiled loops that add a pattern to a picture. Imports numba: import what uses this lazily."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled

Floats = NDArray[np.float32]
Pictures = NDArray[np.uint8]


@compiled()
def activity(picture: Pictures, block: int) -> tuple[Floats, Floats]:
    """How much neighbouring pixels differ, and how bright they are, by square blocks.

    Both are `[shape=(rows, columns)]`, in levels.

    Args:
        picture: `[shape=(H, W, 3)]`; its green channel counts, which is most of luma.
        block: side of a block, px; those at the right and lower border may be smaller.
    """
    height, width = picture.shape[:2]
    rows, columns = (height + block - 1) // block, (width + block - 1) // block
    total = np.zeros((rows, columns), np.int32)
    light = np.zeros((rows, columns), np.int32)
    count = np.zeros((rows, columns), np.int32)
    for y in range(0, height - 1, 2):  # every other row tells enough
        row = y // block
        for column in range(columns):
            left = column * block
            right = min(left + block, width - 1)
            differing, level = np.int32(0), np.int32(0)
            for x in range(left, right):
                here = np.int32(picture[y, x, 1])
                differing += np.abs(np.int32(picture[y, x + 1, 1]) - here)
                differing += np.abs(np.int32(picture[y + 1, x, 1]) - here)
                level += here
            total[row, column] += differing
            light[row, column] += level
            count[row, column] += 2 * max(right - left, 0)
    count = np.maximum(count, 1)
    return (total / count).astype(np.float32), (2 * light / count).astype(np.float32)


@compiled()
def overlay(picture: Pictures, pattern: Floats, weight: Floats, block: int, made: Pictures) -> None:
    """Write `picture + pattern * weight`, rounded, the same to all three channels, to `made`.

    Args:
        picture, made: `[shape=(H, W, 3)]`.
        pattern: `[shape=(H, W)]`.
        weight: `[shape=(rows, columns)]`, at the middles of blocks, linear in between.
        block: side of a block, px.
    """
    height, width = pattern.shape
    rows, columns = weight.shape
    before, part = np.empty(width, np.int32), np.empty(width, np.float32)
    for x in range(width):
        place = max((x + 0.5) / block - 0.5, 0.0)
        before[x] = min(int(place), columns - 1)
        part[x] = min(place - before[x], 1.0)
    line = np.empty(columns + 1, np.float32)
    change = np.empty(width, np.int16)
    for y in range(height):
        place = max((y + 0.5) / block - 0.5, 0.0)
        above = min(int(place), rows - 1)
        below = min(above + 1, rows - 1)
        share = np.float32(min(place - above, 1.0))
        for column in range(columns):
            line[column] = weight[above, column] * (1 - share) + weight[below, column] * share
        line[columns] = line[columns - 1]
        for x in range(width):
            left = line[before[x]]
            strength = left + (line[before[x] + 1] - left) * part[x]
            change[x] = np.int16(np.rint(pattern[y, x] * strength))
        for x in range(width):  # a loop of its own, so that either takes many pixels at once
            for channel in range(3):
                made[y, x, channel] = min(max(picture[y, x, channel] + change[x], 0), 255)
