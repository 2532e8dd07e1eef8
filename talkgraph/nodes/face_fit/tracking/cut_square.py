"""Cut turned squares out of pictures, bilinear, with pixel centres where `nodes.values` has them.

A region of interest is `[x, y, side, angle]`: centre and side in px, and the angle in radians by
which its x axis is turned in the image (y down, so positive is clockwise as seen).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
    from talkgraph.nodes.face_fit.tracking.cut_square_kernel import cut

    x, y, side, angle = (float(v) for v in region)
    out = np.zeros((size, size, 3), np.float32)
    taps = max(1, math.ceil(side / size - 0.25))
    cut(np.ascontiguousarray(picture), x, y, side, angle, taps, repeat_border, out)
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
