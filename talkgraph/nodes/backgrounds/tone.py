"""Bring the tone of a rendered face to that of the picture behind it.

The warped background still shows the person's real face under the rendered one. Their difference
at low frequencies is what light and exposure add to the render's nine spherical harmonics; adding
it makes the seam vanish and keeps the render's detail. This is an addition to Yi et al. 2020.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float32]


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


def tone_difference(face: Real, behind: Real, mask: Real, *, width: float, outlier: float) -> Real:
    """Low-frequency difference of two pictures where they overlap.

    Args:
        face, behind: `[shape=(S, S, 3)]`, RGB 0 to 255.
        mask: `[shape=(S, S)]` in [0, 1], how far they show the same thing.
        width: standard deviation of the blur, in sides of the picture.
        outlier: difference at which a pixel counts half, levels: lips, teeth and lids that move
            differ by more than light does.

    Returns:
        `behind` minus `face`, blurred, `[shape=(S, S, 3)]`; fades to 0 far from the mask.
    """
    down, up = low_pass(len(face), width)
    difference = behind - face
    trust = mask / (1.0 + np.einsum("yxc,yxc->yx", difference, difference) / (3 * outlier**2))
    weight = down @ trust @ down.T
    total = np.stack([down @ (trust * difference[..., c]) @ down.T for c in range(3)], axis=0)
    # A few hundredths of the mask's own density: nothing next to the face, all of it far away.
    mean = total / (weight + 0.02 * max(float(weight.max()), 1e-6))
    return np.ascontiguousarray(np.moveaxis(up @ mean @ up.T, 0, -1))
