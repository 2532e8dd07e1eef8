"""Bring the tone of a rendered face to that of the picture behind it.

The warped background still shows the person's real face under the rendered one. Their ratio
at low frequencies is what light and exposure add to the render's nine spherical harmonics; with
it the seam vanishes and the render keeps its detail. This is an addition to Yi et al. 2020.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float32]
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


def tone_gain(face: Real, behind: Real, mask: Real, *, width: float, outlier: float) -> Real:
    """Ratio of two pictures' low frequencies where they overlap.

    A ratio, as light multiplies: the dark inside of a mouth stays dark and lips keep their colour.

    Args:
        face, behind: `[shape=(S, S, 3)]`, RGB 0 to 255.
        mask: `[shape=(S, S)]` in [0, 1], how far they show the same thing.
        width: standard deviation of the blur, in sides of the picture.
        outlier: difference at which a pixel counts half, levels: lips, teeth and lids that move
            differ by more than light does.

    Returns:
        What to multiply `face` with, `[shape=(S, S, 3)]`, in [1 / LARGEST, LARGEST]; 1 far from
        the mask.
    """
    down, up = low_pass(len(face), width)
    difference = behind - face
    trust = mask / (1.0 + np.einsum("yxc,yxc->yx", difference, difference) / (3 * outlier**2))
    weight = down @ trust @ down.T
    # A few hundredths of the mask's own density: nothing next to the face, all of it far away.
    prior = GREY * 0.02 * max(float(weight.max()), 1e-6)
    gains = []
    for c in range(3):
        wanted = down @ (trust * behind[..., c]) @ down.T
        given = down @ (trust * face[..., c]) @ down.T
        gain = np.clip((wanted + prior) / (given + prior), 1 / LARGEST, LARGEST)
        gains.append(up @ gain @ up.T)
    return np.stack(gains, axis=-1)
