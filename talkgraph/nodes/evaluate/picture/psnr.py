"""Peak signal-to-noise ratio, and the wrapped one of ATVG's script."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

PEAK = 255.0


def psnr(predicted: Bytes, real: Bytes, region: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB, `10 log10(255² / MSE)`; infinite for equal pictures.

    A still background lifts it without end: say which pixels were counted.

    Args:
        predicted, real: `[shape=(..., H, W, C), uint8]`.
        region: `[shape=(H, W)]`, the pixels that count, at least one; None: all.
    """
    same_shape(predicted, real)
    error = (predicted.astype(np.float64) - real.astype(np.float64)) ** 2
    return decibel(float(np.mean(error if region is None else error[..., region, :])))


def psnr_wrapped(predicted: Bytes, real: Bytes) -> float:
    """PSNR as ATVG's script computes it: the uint8 difference *and its square* wrap at 256.

    It never falls below about 27 dB whatever the pictures show, so it is no measure of quality;
    it exists to compare with published tables (29.7 to 30.9 dB in Yi et al. 2020).
    """
    same_shape(predicted, real)
    with np.errstate(over="ignore"):
        wrapped = (predicted - real) ** 2
    return decibel(float(np.mean(wrapped)))


def decibel(error: float) -> float:
    """A mean squared error of 8-bit values as PSNR in dB."""
    return float("inf") if error == 0 else float(10 * np.log10(PEAK**2 / error))


def same_shape(a: Bytes, b: Bytes) -> None:
    """Raise ValueError unless both are uint8 pictures of one shape."""
    if a.shape != b.shape or a.dtype != np.uint8 or b.dtype != np.uint8:
        raise ValueError(
            f"two uint8 pictures of one shape are needed, got {a.shape} {a.dtype} and"
            f" {b.shape} {b.dtype}"
        )
