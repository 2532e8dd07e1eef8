"""Smoothing in time without lag: the Whittaker smoother (penalised least squares).

Minimises sum_t w_t (x_t - y_t)^2 + lambda sum_t (x_{t-1} - 2 x_t + x_{t+1})^2. Its response is
symmetric in time, so nothing is delayed, and a frame of weight 0 is bridged by a cubic spline.
Whittaker, On a new method of graduation, 1923; Eilers, A perfect smoother, 2003.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def whittaker_lambda(cutoff_hz: float, fps: float) -> float:
    """The penalty whose amplitude response is one half at `cutoff_hz`.

    The response of the second-difference penalty is 1 / (1 + lambda (2 sin(pi f / fps))^4).
    """
    return float((2 * np.sin(np.pi * min(cutoff_hz / fps, 0.5))) ** -4)


def smooth_in_time(
    series: NDArray[np.floating], weights: NDArray[np.floating], cutoff_hz: float, fps: float
) -> NDArray[np.float64]:
    """Smooth `series [shape=(T, D)]` along time.

    Args:
        series: the values; what stands where the weight is 0 does not matter.
        weights: `[shape=(T,)]`, 1 for a trusted frame, 0 for one to be bridged.
        cutoff_hz: frequency at which half of the amplitude is left.
        fps: frames per second.

    Returns:
        `[shape=(T, D), float64]`.
    """
    from scipy.linalg import solveh_banded

    values: NDArray[np.float64] = np.array(series, np.float64)
    count = len(values)
    if count < 3:
        return values
    if np.sum(weights) == 0:
        return values
    trust = (
        np.asarray(weights, np.float64) + 1e-9
    )  # keeps the system regular where fewer than two frames are trusted
    penalty = whittaker_lambda(cutoff_hz, fps)
    # Upper bands of D'D for the second-difference operator D.
    bands = np.zeros((3, count))
    main = np.full(count, 6.0)
    main[[0, -1]] = 1.0
    main[[1, -2]] = 5.0 if count > 3 else 4.0
    first = np.full(count - 1, -4.0)
    first[[0, -1]] = -2.0
    bands[2] = penalty * main + trust
    bands[1, 1:] = penalty * first
    bands[0, 2:] = penalty
    return np.asarray(solveh_banded(bands, trust[:, None] * values), np.float64)
