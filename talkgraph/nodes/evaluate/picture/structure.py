"""Structural similarity (Wang et al. 2004)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.picture.psnr import PEAK, same_shape

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SSIM_WINDOW = 7  # px, ATVG


def ssim_map(predicted: Bytes, real: Bytes) -> Floats:
    """Structural similarity about every pixel, mean over channels, `[shape=(H, W)]`, in [-1, 1].

    ATVG's settings: uniform windows of 7 x 7, sample covariance, range 255.

    Args:
        predicted, real: `[shape=(H, W, 3), uint8]`, at least 7 px wide and high.
    """
    same_shape(predicted, real)
    from skimage.metrics import structural_similarity

    found = structural_similarity(  # type: ignore[no-untyped-call]
        predicted, real, win_size=SSIM_WINDOW, channel_axis=-1, data_range=int(PEAK), full=True
    )
    return np.asarray(np.mean(found[1], axis=-1), np.float64)


def ssim(predicted: Bytes, real: Bytes) -> float:
    """Mean of `ssim_map` over the pixels whose window lies in the picture."""
    return within_border(ssim_map(predicted, real))


def within_border(similar: Floats) -> float:
    """Mean of a `ssim_map` without the border, as published figures have it."""
    border = SSIM_WINDOW // 2
    return float(similar[border:-border, border:-border].mean())
