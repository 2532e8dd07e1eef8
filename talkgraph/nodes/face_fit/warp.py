"""Cut turned squares out of pictures, bilinear, with pixel centres where `nodes.values` has them.

A region of interest is `[x, y, side, angle]`: centre and side in px, and the angle in radians by
which its x axis is turned in the image (y down, so positive is clockwise as seen).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True)
def _cut(
    picture: Any, x: float, y: float, side: float, angle: float, taps: int, repeat: bool, out: Any
) -> None:
    height, width = picture.shape[0], picture.shape[1]
    size = out.shape[0]
    step = side / (size * taps)
    cos, sin = math.cos(angle), math.sin(angle)
    weight = 1.0 / (taps * taps)
    for row in range(size * taps):
        b = (row + 0.5) * step - side / 2
        for column in range(size * taps):
            a = (column + 0.5) * step - side / 2
            # The sample's place in units where pixel centres are whole numbers.
            u = x + cos * a - sin * b - 0.5
            v = y + sin * a + cos * b - 0.5
            left, top = math.floor(u), math.floor(v)
            fx, fy = u - left, v - top
            to = out[row // taps, column // taps]
            if 0 <= left < width - 1 and 0 <= top < height - 1:
                w00, w01 = weight * (1 - fx) * (1 - fy), weight * fx * (1 - fy)
                w10, w11 = weight * (1 - fx) * fy, weight * fx * fy
                for channel in range(3):
                    to[channel] += (
                        w00 * picture[top, left, channel]
                        + w01 * picture[top, left + 1, channel]
                        + w10 * picture[top + 1, left, channel]
                        + w11 * picture[top + 1, left + 1, channel]
                    )
                continue
            for dy in range(2):
                for dx in range(2):
                    r, c = top + dy, left + dx
                    if repeat:
                        r, c = min(max(r, 0), height - 1), min(max(c, 0), width - 1)
                    elif r < 0 or r >= height or c < 0 or c >= width:
                        continue
                    share = weight * (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
                    for channel in range(3):
                        to[channel] += share * picture[r, c, channel]


def cut_square(
    picture: NDArray[np.uint8],
    region: NDArray[np.floating[Any]],
    size: int,
    *,
    repeat_border: bool = False,
) -> NDArray[np.float32]:
    """Sample `region` [x, y, side, angle] of `picture [shape=(H, W, 3), uint8]`.

    Where the region is larger than `size`, each output pixel is the mean of several samples, so
    that fine texture does not alias into landmark jitter.

    Args:
        repeat_border: outside the picture repeat its border; otherwise it is black.

    Returns:
        `[shape=(size, size, 3), float32]`, 0 to 255.
    """
    x, y, side, angle = (float(v) for v in region)
    out = np.zeros((size, size, 3), np.float32)
    taps = max(1, math.ceil(side / size - 0.25))
    _cut(np.ascontiguousarray(picture), x, y, side, angle, taps, repeat_border, out)
    return out


def to_image(
    points: NDArray[np.float32], regions: NDArray[np.floating[Any]], size: int
) -> NDArray[np.float32]:
    """Points of squares of `size` px back to image px.

    Args:
        points: `[shape=(n, L, 3)]`, in px of the cut square; z has the scale of x.
        regions: `[shape=(n, 4)]`.
    """
    centre, side, angle = regions[:, None, :2], regions[:, None, 2], regions[:, None, 3]
    cos, sin = np.cos(angle), np.sin(angle)
    scale = side / size
    a = points[..., 0] * scale - side / 2
    b = points[..., 1] * scale - side / 2
    x = centre[..., 0] + cos * a - sin * b
    y = centre[..., 1] + sin * a + cos * b
    return np.stack([x, y, points[..., 2] * scale], -1).astype(np.float32)
