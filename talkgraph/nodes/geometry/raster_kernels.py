"""Compiled inner loops of the software rasteriser. Imports numba: import this module lazily.

Coordinates are snapped to 1/256 px and edge functions are exact integers, so that neighbouring
triangles share no pixel and leave none out (top-left fill rule), and the result is the same on
every machine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.nodes.compiled import compiled

Points = NDArray[np.float64]
Depths = NDArray[np.float64]
Faces = NDArray[np.int32]
Floats = NDArray[np.float32]

SUBPIXEL = 256
FARTHEST = 1 << 20  # px; triangles with a corner beyond are left out


@compiled()
def framed(xyd: Points, height: int, width: int, step: int) -> tuple[int, int, int, int]:
    """Rows and columns, first and last exclusive, in which all triangles lie; multiples of `step`.

    xyd: `[shape=(V, 3), float64]`, px and depth; a picture of `height` x `width` px.
    """
    top, bottom, left, right = float(height), 0.0, float(width), 0.0
    for i in range(len(xyd)):
        x, y, d = xyd[i, 0], xyd[i, 1], xyd[i, 2]
        if d > 0 and abs(x) < FARTHEST and abs(y) < FARTHEST and d < np.inf:
            top, bottom = min(top, y - 1), max(bottom, y + 1)
            left, right = min(left, x - 1), max(right, x + 1)
    first, last = (
        int(max(top, 0.0)) // step * step,
        -int(-min(bottom, float(height)) // step) * step,
    )
    start, end = int(max(left, 0.0)) // step * step, -int(-min(right, float(width)) // step) * step
    return first, max(last, first), start, max(end, start)


@compiled()
def cover(
    xyd: Points,
    triangles: Faces,
    owner: Faces,
    nearness: Points,
    cull: bool,
    first_row: int,
    first_column: int,
) -> None:
    """Write the nearest triangle and its 1 / depth of each pixel of a part of a picture.

    xyd: `[shape=(V, 3), float64]`, px and depth. owner: `[shape=(H, W), int32]`, filled with -1,
    the part that begins at `first_row` and `first_column`. nearness: `[shape=(H, W), float64]`,
    filled with 0. cull: skip triangles seen from behind. Ties go to the triangle that comes first.
    """
    height, width = owner.shape
    count = len(xyd)
    fx = np.empty(count, np.int64)
    fy = np.empty(count, np.int64)
    usable = np.empty(count, np.bool_)
    for i in range(count):
        x, y, d = xyd[i, 0], xyd[i, 1], xyd[i, 2]
        ok = d > 0 and abs(x) < FARTHEST and abs(y) < FARTHEST and d < np.inf
        usable[i] = ok
        fx[i] = np.int64(np.floor(x * SUBPIXEL + 0.5)) - first_column * SUBPIXEL if ok else 0
        fy[i] = np.int64(np.floor(y * SUBPIXEL + 0.5)) - first_row * SUBPIXEL if ok else 0
    half = SUBPIXEL // 2
    for f in range(len(triangles)):
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        if not (usable[a] and usable[b] and usable[c]):
            continue
        ax, ay, bx, by, cx, cy = fx[a], fy[a], fx[b], fy[b], fx[c], fy[c]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        # Counter-clockwise in a picture with y up is negative here, where y points down.
        if area == 0 or (cull and area > 0):
            continue
        if area < 0:
            b, c = c, b
            bx, by, cx, cy = cx, cy, bx, by
            area = -area
        left = max((min(ax, bx, cx) - half + SUBPIXEL - 1) // SUBPIXEL, 0)
        right = min((max(ax, bx, cx) - half) // SUBPIXEL, width - 1)
        top = max((min(ay, by, cy) - half + SUBPIXEL - 1) // SUBPIXEL, 0)
        bottom = min((max(ay, by, cy) - half) // SUBPIXEL, height - 1)
        if left > right or top > bottom:
            continue
        # Edge functions; each belongs to the corner opposite. Clockwise on the screen: top edges
        # run right, left edges run up; other edges do not own the pixels on them.
        px = left * SUBPIXEL + half
        py = top * SUBPIXEL + half
        ea = (cx - bx) * (py - by) - (cy - by) * (px - bx)
        eb = (ax - cx) * (py - cy) - (ay - cy) * (px - cx)
        ec = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        if not ((cy == by and cx > bx) or cy < by):
            ea -= 1
        if not ((ay == cy and ax > cx) or ay < cy):
            eb -= 1
        if not ((by == ay and bx > ax) or by < ay):
            ec -= 1
        ea_x, eb_x, ec_x = -(cy - by) * SUBPIXEL, -(ay - cy) * SUBPIXEL, -(by - ay) * SUBPIXEL
        ea_y, eb_y, ec_y = (cx - bx) * SUBPIXEL, (ax - cx) * SUBPIXEL, (bx - ax) * SUBPIXEL
        na = 1 / (xyd[a, 2] * area)
        nb = 1 / (xyd[b, 2] * area)
        nc = 1 / (xyd[c, 2] * area)
        for row in range(top, bottom + 1):
            wa, wb, wc = ea, eb, ec
            for column in range(left, right + 1):
                if (wa | wb | wc) >= 0:
                    near = wa * na + wb * nb + wc * nc
                    if near > nearness[row, column]:
                        nearness[row, column] = near
                        owner[row, column] = f
                wa += ea_x
                wb += eb_x
                wc += ec_x
            ea += ea_y
            eb += eb_y
            ec += ec_y


@compiled(inline="always")
def weights(
    xyd: Points, nearness: Depths, a: int, b: int, c: int, px: float, py: float
) -> tuple[float, float, float, float]:
    """Perspective-correct barycentric weights of pixel point (px, py), and what they sum up to.

    nearness: 1 / depth of each vertex, `[shape=(V,)]`.
    """
    ax, ay, bx, by, cx, cy = (
        xyd[a, 0], xyd[a, 1], xyd[b, 0], xyd[b, 1], xyd[c, 0], xyd[c, 1],
    )  # fmt: skip
    wa = (cx - bx) * (py - by) - (cy - by) * (px - bx)
    wb = (ax - cx) * (py - cy) - (ay - cy) * (px - cx)
    wc = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    total = wa + wb + wc
    if total < 0:
        wa, wb, wc = -wa, -wb, -wc
    elif total == 0:
        wa, wb, wc = 1.0, 1.0, 1.0
    # Snapping may put a pixel's centre outside of the unsnapped triangle by a hair.
    wa, wb, wc = max(wa, 0.0) * nearness[a], max(wb, 0.0) * nearness[b], max(wc, 0.0) * nearness[c]
    return wa, wb, wc, wa + wb + wc


@compiled()
def interpolate(
    xyd: Points, triangles: Faces, owner: Faces, barycentric: Floats, depth: Floats
) -> None:
    """Fill `barycentric (H, W, 3)` and `depth (H, W)` where a triangle owns the pixel."""
    height, width = owner.shape
    nearness = 1 / xyd[:, 2]
    for row in range(height):
        for column in range(width):
            f = owner[row, column]
            if f >= 0:
                a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
                u, v, w, total = weights(xyd, nearness, a, b, c, column + 0.5, row + 0.5)
                u, v, w = u / total, v / total, w / total
                barycentric[row, column, 0] = u
                barycentric[row, column, 1] = v
                barycentric[row, column, 2] = w
                depth[row, column] = u * xyd[a, 2] + v * xyd[b, 2] + w * xyd[c, 2]


@compiled(inline="always")
def between(picture: Floats, x: float, y: float) -> tuple[float, float, float]:
    """Colours `(H, W, 3)` at point (x, y) in px, bilinear; the border repeats outside."""
    x = min(max(x - 0.5, 0.0), picture.shape[1] - 1.0)
    y = min(max(y - 0.5, 0.0), picture.shape[0] - 1.0)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, picture.shape[1] - 1), min(top + 1, picture.shape[0] - 1)
    u, v = x - left, y - top
    p, q, r, s = (1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v
    a, b, c, d = (
        picture[top, left],
        picture[top, right],
        picture[bottom, left],
        picture[bottom, right],
    )
    return (
        p * a[0] + q * b[0] + r * c[0] + s * d[0],
        p * a[1] + q * b[1] + r * c[1] + s * d[1],
        p * a[2] + q * b[2] + r * c[2] + s * d[2],
    )  # fmt: skip


@compiled()
def resolve(
    xyd: Points,
    triangles: Faces,
    owner: Faces,
    colours: Floats,
    detail: Floats,
    place: Floats,
    samples: int,
    out: Pictures,
    first_row: int,
    first_column: int,
) -> None:
    """Average `samples` x `samples` cells into `out (S, S, 4), uint8`: straight alpha = coverage.

    xyd is at S * samples px, and so is `owner`, a part that begins at `first_row` and
    `first_column`; `out` is left alone where nothing is. colours `[shape=(V, 3), float32]`; added
    to them is, where `detail (H, W, 3)` has rows, what it holds at `place (V, 3)`: x, y and share.
    """
    detailed = len(detail) > 0
    nearness = 1 / xyd[:, 2]
    rows, columns = owner.shape[0] // samples, owner.shape[1] // samples
    for row in range(rows):
        for column in range(columns):
            red = green = blue = 0.0
            gx = gy = much = 0.0
            hits = 0
            for dy in range(samples):
                for dx in range(samples):
                    y = row * samples + dy
                    x = column * samples + dx
                    f = owner[y, x]
                    if f >= 0:
                        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
                        px, py = first_column + x + 0.5, first_row + y + 0.5
                        u, v, w, total = weights(xyd, nearness, a, b, c, px, py)
                        share = 1 / total
                        red += share * (u * colours[a, 0] + v * colours[b, 0] + w * colours[c, 0])
                        green += share * (u * colours[a, 1] + v * colours[b, 1] + w * colours[c, 1])
                        blue += share * (u * colours[a, 2] + v * colours[b, 2] + w * colours[c, 2])
                        if detailed:
                            part = share * (u * place[a, 2] + v * place[b, 2] + w * place[c, 2])
                            part_share = part * share
                            gx += part_share * (u * place[a, 0] + v * place[b, 0] + w * place[c, 0])
                            gy += part_share * (u * place[a, 1] + v * place[b, 1] + w * place[c, 1])
                            much += part
                        hits += 1
            if much > 0:  # once a pixel: the picture is as fine as these
                more_red, more_green, more_blue = between(detail, gx / much, gy / much)
                red += much * more_red
                green += much * more_green
                blue += much * more_blue
            if hits:
                cell = out[first_row // samples + row, first_column // samples + column]
                cell[0] = np.uint8(min(max(red / hits, 0.0), 1.0) * 255 + 0.5)
                cell[1] = np.uint8(min(max(green / hits, 0.0), 1.0) * 255 + 0.5)
                cell[2] = np.uint8(min(max(blue / hits, 0.0), 1.0) * 255 + 0.5)
                cell[3] = np.uint8(hits * 255 // (samples * samples))
