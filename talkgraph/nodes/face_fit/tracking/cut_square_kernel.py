"""The inner loop of `warp`, compiled; imported only where pictures are cut."""

from __future__ import annotations

import math
from typing import Any

from talkgraph.nodes.compiled import compiled


@compiled()
def cut(
    picture: Any, x: float, y: float, side: float, angle: float, taps: int, repeat: bool, out: Any
) -> None:
    """Fill `out [shape=(size, size, 3), float32]`, zeros before; see `warp.cut_square`.

    taps: samples per output pixel and axis.   repeat: outside the picture repeat its border.
    """
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
