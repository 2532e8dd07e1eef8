"""Bring the tone of a rendered face to that of the picture behind it.

The warped background still shows the person's real face under the rendered one. Their ratio
at low frequencies is what light and exposure add to the render's nine spherical harmonics; with
it the seam vanishes and the render keeps its detail. This is an addition to Yi et al. 2020.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float32]
Colours = NDArray[Any]
LARGEST = 2.0  # gain beyond which the two do not show the same face
GREY = 64.0  # level of the prior that keeps the ratio of two dark pictures near 1


@lru_cache(maxsize=8)
def low_pass(size: int, width: float) -> tuple[Real, Real]:
    """Separable Gaussian blur on a coarse grid, as two matrices.

    Args:
        size: side of the picture, px.
        width: standard deviation, in sides of the picture.

    Returns:
        down `[shape=(n, size)]` and up `[shape=(size, n)]`: `down @ x @ down.T` are blurred
        samples of x at n x n nodes, `up @ y @ up.T` interpolates them linearly.
    """
    count = max(4, int(np.ceil(1.5 / width)) + 1)
    centres = (np.arange(size) + 0.5) / size
    nodes = np.linspace(0.0, 1.0, count)
    down = np.exp(-0.5 * ((nodes[:, None] - centres) / max(width, 0.5 / size)) ** 2)
    down /= down.sum(axis=1, keepdims=True)
    up = np.maximum(1.0 - np.abs(centres[:, None] - nodes) * (count - 1), 0.0)
    return down.astype(np.float32), up.astype(np.float32)


def tone_gain(
    face: Colours,
    behind: Colours,
    mask: Real,
    *,
    width: float,
    outlier: float,
    size: int = 0,
    corner: tuple[int, int] = (0, 0),
) -> Real:
    """Ratio of two pictures' low frequencies where they overlap.

    A ratio, as light multiplies: the dark inside of a mouth stays dark and lips keep their colour.

    Args:
        face, behind: `[shape=(H, W, 3)]`, RGB 0 to 255, a part of the square picture.
        mask: `[shape=(H, W)]` in [0, 1], how far they show the same thing; 0 outside of the part.
        width: standard deviation of the blur, in sides of the picture.
        outlier: difference at which a pixel counts half, levels: lips, teeth and lids that move
            differ by more than light does.
        size: side of the picture; 0 where the part is all of it.
        corner: row and column of the part's first pixel in the picture.

    Returns:
        What to multiply `face` with, at the nodes of `low_pass`, `[shape=(n, n, 3)]`, in
        [1 / LARGEST, LARGEST]; 1 far from the mask.
    """
    from talkgraph.nodes.backgrounds.blending import trusted

    down, _ = low_pass(size or len(mask), width)
    (height, breadth), (top, left) = mask.shape, corner
    rows, columns = down[:, top : top + height], down[:, left : left + breadth]
    sums = rows @ trusted(face, behind, mask, outlier) @ columns.T
    # A few hundredths of the mask's own density: nothing next to the face, all of it far away.
    prior = GREY * 0.02 * max(float(sums[0].max()), 1e-6)
    gain = np.clip((sums[1:4] + prior) / (sums[4:] + prior), 1 / LARGEST, LARGEST)
    return np.ascontiguousarray(gain.transpose(1, 2, 0), np.float32)
