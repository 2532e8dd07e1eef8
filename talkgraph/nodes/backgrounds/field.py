"""Dense displacement fields on a coarse lattice, and pictures resampled through them (numba).

A lattice `[shape=(G + 1, G + 1, 2), float64]` holds a displacement in px at x = column * S / G,
y = row * S / G, so that its outermost nodes lie on the border of the S px picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.compiled import compiled

Real = NDArray[np.float64]
Single = np.float32
Singles = NDArray[Single]
Indices = NDArray[np.int64]
Pictures = NDArray[np.uint8]
KNEE = 0.7
STANDSTILL = 1e-4  # lattice units: a step that no pixel shows
MARGIN = 3  # px around a picture that a cubic may reach


@compiled()
def scattered(places: Real, values: Real, weights: Real, nodes: int, spacing: float) -> Real:
    """Weighted sums of scattered `values` at the lattice's nodes, bilinear.

    Returns:
        `[shape=(nodes, nodes, 3)]`: the two sums and the sum of weights.
    """
    total = np.zeros((nodes, nodes, 3))
    for k in range(len(places)):
        x, y = places[k, 0] / spacing, places[k, 1] / spacing
        column, row = int(np.floor(x)), int(np.floor(y))
        if column < -1 or row < -1 or column >= nodes or row >= nodes:
            continue
        for i in range(2):
            for j in range(2):
                r, c = row + i, column + j
                if 0 <= r < nodes and 0 <= c < nodes:
                    share = (1.0 - abs(y - r)) * (1.0 - abs(x - c)) * weights[k]
                    total[r, c, 0] += share * values[k, 0]
                    total[r, c, 1] += share * values[k, 1]
                    total[r, c, 2] += share
    return total


@compiled()
def filled(total: Real) -> Real:
    """Weighted means of `scattered` sums, gaps filled smoothly (pull-push pyramid).

    Coarser means flow into a node as far as its own weight falls short of `enough`.
    """
    nodes = total.shape[0]
    if nodes == 1:
        alone = np.zeros((1, 1, 2))
        weight = max(total[0, 0, 2], 1e-12)
        alone[0, 0, 0], alone[0, 0, 1] = total[0, 0, 0] / weight, total[0, 0, 1] / weight
        return alone
    half = nodes // 2 + 1 if nodes > 2 else 1
    coarse = np.zeros((half, half, 3))
    for r in range(nodes):
        for c in range(nodes):
            # Every fine node shares itself out to the coarse nodes around it.
            for i in range(1 + r % 2):
                for j in range(1 + c % 2):
                    y, x = min(r // 2 + i, half - 1), min(c // 2 + j, half - 1)
                    part = 1.0 / ((1 + r % 2) * (1 + c % 2))
                    for d in range(3):
                        coarse[y, x, d] += part * total[r, c, d]
    below = filled(coarse)
    result = np.empty((nodes, nodes, 2))
    enough = 0.05
    for r in range(nodes):
        for c in range(nodes):
            y0, x0 = min(r // 2, half - 1), min(c // 2, half - 1)
            y1, x1 = min(r // 2 + r % 2, half - 1), min(c // 2 + c % 2, half - 1)
            missing = max(enough - total[r, c, 2], 0.0)
            weight = total[r, c, 2] + missing
            for d in range(2):
                mean = 0.25 * (below[y0, x0, d] + below[y0, x1, d])
                mean += 0.25 * (below[y1, x0, d] + below[y1, x1, d])
                result[r, c, d] = (total[r, c, d] + missing * mean) / weight
    return result


@compiled()
def smoothed(field: Real, passes: int) -> Real:
    """`field` after `passes` of the binomial filter 1 2 1 along both axes, ends repeated."""
    nodes = field.shape[0]
    for _ in range(passes):
        across = np.empty_like(field)
        for r in range(nodes):
            for c in range(nodes):
                left, right = max(c - 1, 0), min(c + 1, nodes - 1)
                for d in range(2):
                    ends = field[r, left, d] + field[r, right, d]
                    across[r, c, d] = 0.5 * field[r, c, d] + 0.25 * ends
        field = np.empty_like(field)
        for r in range(nodes):
            above, under = max(r - 1, 0), min(r + 1, nodes - 1)
            for c in range(nodes):
                for d in range(2):
                    ends = across[above, c, d] + across[under, c, d]
                    field[r, c, d] = 0.5 * across[r, c, d] + 0.25 * ends
    return field


@compiled()
def pinned(field: Real, spacing: float, slope: float) -> Real:
    """`field` held to nothing at the picture's border: no longer than `slope` * distance to it.

    A slope below one keeps the map free of folds there. Up to a share KNEE of that length the
    field is left alone.
    """
    nodes = field.shape[0]
    result = np.empty_like(field)
    for r in range(nodes):
        for c in range(nodes):
            limit = slope * spacing * min(min(r, c), min(nodes - 1 - r, nodes - 1 - c))
            length = np.hypot(field[r, c, 0], field[r, c, 1])
            factor, start = 1.0, KNEE * limit
            if length > start:
                bent = start
                if limit > 0.0:
                    bent += (limit - start) * np.tanh((length - start) / (limit - start))
                factor = bent / length
            result[r, c, 0], result[r, c, 1] = factor * field[r, c, 0], factor * field[r, c, 1]
    return result


@compiled(inline="always")
def _at(field: Real, x: float, y: float, d: int) -> float:
    """Bilinear value of component `d` at (x, y) in lattice units, clamped to the lattice."""
    last = field.shape[0] - 1
    x, y = min(max(x, 0.0), float(last)), min(max(y, 0.0), float(last))
    c, r = min(int(x), last - 1), min(int(y), last - 1)
    fx, fy = x - c, y - r
    upper = (1.0 - fx) * field[r, c, d] + fx * field[r, c + 1, d]
    lower = (1.0 - fx) * field[r + 1, c, d] + fx * field[r + 1, c + 1, d]
    return float((1.0 - fy) * upper + fy * lower)


@compiled()
def inverse(field: Real, spacing: float, rounds: int) -> Real:
    """Backward displacement: source(q) = q + inverse(q) where target(p) = p + field(p).

    Fixed-point iteration, until it stands still or for `rounds`; converges where neighbouring
    displacements differ by less than their distance, that is where the map does not fold.
    """
    nodes = field.shape[0]
    result = np.zeros_like(field)
    for r in range(nodes):
        for c in range(nodes):
            x, y = float(c), float(r)
            for _ in range(rounds):
                x_next = 0.2 * x + 0.8 * (c - _at(field, x, y, 0) / spacing)
                y_next = 0.2 * y + 0.8 * (r - _at(field, x, y, 1) / spacing)
                step = abs(x_next - x) + abs(y_next - y)
                x, y = x_next, y_next
                if step < STANDSTILL:
                    break
            result[r, c, 0], result[r, c, 1] = (x - c) * spacing, (y - r) * spacing
    return result


@compiled(inline="always")
def _cubic(t: Single) -> tuple[Single, Single, Single, Single]:
    """Catmull-Rom weights of the four samples around a point at fraction `t`."""
    t2 = t * t
    t3 = t2 * t
    half, two, three, four, five = Single(0.5), Single(2), Single(3), Single(4), Single(5)
    return (
        half * (two * t2 - t3 - t),
        half * (three * t3 - five * t2 + two),
        half * (four * t2 - three * t3 + t),
        half * (t3 - t2),
    )


@compiled()
def _widened(picture: Pictures) -> Singles:
    """The picture as floats, flat, its border repeated MARGIN times on every side."""
    size = picture.shape[0]
    side = size + 2 * MARGIN
    wide = np.empty((side, side, 3), np.float32)
    for row in range(side):
        line = picture[min(max(row - MARGIN, 0), size - 1)]
        for d in range(3):
            for column in range(MARGIN):
                wide[row, column, d] = line[0, d]
                wide[row, side - 1 - column, d] = line[size - 1, d]
        for column in range(size):
            for d in range(3):
                wide[row, column + MARGIN, d] = line[column, d]
    return wide.ravel()


@compiled()
def _places(
    backward: Real, row: int, size: int, corner: Indices, right: Singles, down: Singles
) -> None:
    """Where the pixels of a row come from: the first of 4 x 4 samples, and fractions beyond it."""
    cells = backward.shape[0] - 1
    scale = cells / size
    y = (row + 0.5) * scale
    r = min(int(y), cells - 1)
    fy = y - r
    between = (1.0 - fy) * backward[r] + fy * backward[r + 1]
    for column in range(size):
        x = (column + 0.5) * scale
        c = min(int(x), cells - 1)
        fx = x - c
        # In units of pixel centres; further outside nothing changes any more.
        u = column + (1.0 - fx) * between[c, 0] + fx * between[c + 1, 0]
        v = row + (1.0 - fx) * between[c, 1] + fx * between[c + 1, 1]
        u, v = min(max(u, -1.0), float(size)), min(max(v, -1.0), float(size))
        left, top = int(np.floor(u)), int(np.floor(v))
        corner[column] = (top - 1 + MARGIN) * (size + 2 * MARGIN) + left - 1 + MARGIN
        right[column], down[column] = u - left, v - top


@compiled()
def resampled(picture: Pictures, backward: Real) -> Pictures:
    """`picture [shape=(S, S, 3), uint8]` seen through a backward lattice, bicubic (Catmull-Rom).

    Exact where the displacement is zero; outside of the picture its border is repeated.
    """
    size = picture.shape[0]
    result = np.empty_like(picture)
    corner = np.empty(size, np.int64)
    right, down = np.empty(size, np.float32), np.empty(size, np.float32)
    # Unsigned places in flat arrays: no check for negative ones in the innermost loop.
    wide, line = _widened(picture), np.uintp(3 * (size + 2 * MARGIN))
    for row in range(size):
        _places(backward, row, size, corner, right, down)
        for column in range(size):
            x0, x1, x2, x3 = _cubic(right[column])
            y0, y1, y2, y3 = _cubic(down[column])
            first = np.uintp(3 * corner[column])
            for d in range(3):
                a = first + np.uintp(d)
                b, c, e = a + np.uintp(3), a + np.uintp(6), a + np.uintp(9)
                total = y0 * (x0 * wide[a] + x1 * wide[b] + x2 * wide[c] + x3 * wide[e])
                a, b, c, e = a + line, b + line, c + line, e + line
                total += y1 * (x0 * wide[a] + x1 * wide[b] + x2 * wide[c] + x3 * wide[e])
                a, b, c, e = a + line, b + line, c + line, e + line
                total += y2 * (x0 * wide[a] + x1 * wide[b] + x2 * wide[c] + x3 * wide[e])
                a, b, c, e = a + line, b + line, c + line, e + line
                total += y3 * (x0 * wide[a] + x1 * wide[b] + x2 * wide[c] + x3 * wide[e])
                total = min(max(total + Single(0.5), Single(0)), Single(255))
                result[row, column, d] = np.uint8(np.int32(total))
    return result
