"""Detail against the real detail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.picture.psnr import same_shape

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def sharpness(predicted: Bytes, real: Bytes, region: Mask | None = None) -> float:
    """Mean absolute Laplacian of the luma over that of the real picture: 1 is equally sharp.

    Noise and edges in the wrong place count as sharp, too: read it beside PSNR or SSIM.

    Args:
        predicted, real: `[shape=(H, W, 3), uint8]`; 0 and 0 give 1.
        region: `[shape=(H, W)]`, the pixels that count; None: all. The border never does.
    """
    same_shape(predicted, real)
    mine, theirs = _detail(predicted, region), _detail(real, region)
    if theirs == 0:
        return 1.0 if mine == 0 else float("inf")
    return mine / theirs


def _detail(picture: Bytes, region: Mask | None) -> float:
    luma = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])  # Rec. 601
    laplacian = (
        luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    )
    if region is not None:
        laplacian = laplacian[region[1:-1, 1:-1]]
    return float(np.abs(laplacian).mean()) if laplacian.size else 0.0
