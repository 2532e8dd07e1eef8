"""Compiled loops that lay a face over a picture, where it is. Imports numba: import lazily."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Singles = NDArray[np.float32]
Colours = NDArray[Any]
Pictures = NDArray[np.uint8]


@compiled()
def covered(alpha: Pictures) -> tuple[int, int, int, int]:
    """First and last row and column, exclusive, where `alpha [shape=(H, W)]` is not 0."""
    height, width = alpha.shape
    top, bottom, left, right = height, 0, width, 0
    for row in range(height):
        for column in range(width):
            if alpha[row, column] != 0:
                top, bottom = min(top, row), row + 1
                left, right = min(left, column), max(right, column + 1)
    return top, bottom, left, right


@compiled()
def filled(mask: Bools) -> Bools:
    """`mask [shape=(H, W)]` with its holes: what cannot be reached from the border by its sides."""
    height, width = mask.shape
    whole = np.ones((height + 2, width + 2), np.bool_)
    whole[0], whole[height + 1] = False, False
    whole[:, 0], whole[:, width + 1] = False, False
    changed = True
    while changed:  # what is outside spreads down and right, then up and left
        changed = False
        for row in range(1, height + 1):
            for column in range(1, width + 1):
                sealed = mask[row - 1, column - 1] or (
                    whole[row - 1, column] and whole[row, column - 1]
                )
                if whole[row, column] and not sealed:
                    whole[row, column] = False
                    changed = True
        for row in range(height, 0, -1):
            for column in range(width, 0, -1):
                sealed = mask[row - 1, column - 1] or (
                    whole[row + 1, column] and whole[row, column + 1]
                )
                if whole[row, column] and not sealed:
                    whole[row, column] = False
                    changed = True
    return whole[1:-1, 1:-1]


@compiled()
def depths(mask: Bools, reach: int) -> Ints:
    """Squared distance of each pixel of `mask [shape=(H, W)]` to the nearest one outside of it.

    The picture's border is no boundary. Exact below `reach`², else reach² or more; 0 outside.
    """
    height, width = mask.shape
    far = reach * reach
    upright = np.empty((height, width), np.int32)  # the distance within the column
    for column in range(width):
        steps = reach
        for row in range(height):
            steps = min(steps + 1, reach) if mask[row, column] else 0
            upright[row, column] = steps
        steps = reach
        for row in range(height - 1, -1, -1):
            steps = min(steps + 1, reach) if mask[row, column] else 0
            upright[row, column] = min(upright[row, column], steps)
    result = np.empty((height, width), np.int32)
    aside = np.empty(width, np.int32)  # to the nearest column that has a boundary in reach
    for row in range(height):
        steps = reach
        for column in range(width):
            steps = min(steps + 1, reach) if upright[row, column] == reach else 0
            aside[column] = steps
        steps = reach
        for column in range(width - 1, -1, -1):
            steps = min(steps + 1, reach) if upright[row, column] == reach else 0
            aside[column] = min(aside[column], steps)
        for column in range(width):
            nearest = min(upright[row, column] ** 2, far)
            step = max(aside[column], 1)
            while step * step < nearest:
                if column >= step:
                    nearest = min(nearest, step * step + upright[row, column - step] ** 2)
                if column + step < width:
                    nearest = min(nearest, step * step + upright[row, column + step] ** 2)
                step += 1
            result[row, column] = nearest
    return result


@compiled()
def trusted(face: Colours, behind: Colours, mask: Singles, outlier: float) -> Singles:
    """What `tone` sums up, `[shape=(7, H, W)]`: trust, and both pictures' colours times it."""
    height, width = mask.shape
    result = np.empty((7, height, width), np.float32)
    half = np.float32(3 * outlier**2)
    for row in range(height):
        for column in range(width):
            energy = np.float32(0)
            for d in range(3):
                difference = np.float32(behind[row, column, d]) - np.float32(face[row, column, d])
                energy += difference * difference
            trust = mask[row, column] / (np.float32(1) + energy / half)
            result[0, row, column] = trust
            for d in range(3):
                result[1 + d, row, column] = trust * np.float32(behind[row, column, d])
                result[4 + d, row, column] = trust * np.float32(face[row, column, d])
    return result


@compiled()
def blend(
    picture: Pictures, face: Pictures, share: Singles, gain: Singles, node: Ints, part: Singles
) -> None:
    """Lay `face [shape=(H, W, 4)]`, brightened, over `picture [shape=(H, W, 3)]`, in place.

    share: of the face in each pixel, `[shape=(H, W)]`.
    gain: of the face's colours at N nodes of each row, `[shape=(H, N, 3)]`.
    node, part: of column x, the node before it and its share; the rest is the next node's.
    """
    height, width = share.shape
    half, low, high = np.float32(0.5), np.float32(0), np.float32(255)
    for row in range(height):
        for column in range(width):
            if share[row, column] > 0:
                n, before, after = node[column], part[column], np.float32(1) - part[column]
                for d in range(3):
                    factor = before * gain[row, n, d] + after * gain[row, n + 1, d]
                    under = np.float32(picture[row, column, d])
                    over = np.float32(face[row, column, d]) * factor
                    mixed = under + share[row, column] * (over - under)
                    picture[row, column, d] = np.uint8(np.int32(min(max(mixed + half, low), high)))
