"""Keyframes: the moments at which the head is turned furthest (Yi et al. 2020, section 3.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.values import Ints

Curve = NDArray[np.float64]
AXES = ("pitch", "yaw", "roll")  # the order of Motion.rotation


def smoothed(angle: Curve, window: int) -> Curve:
    """Weighted mean of `angle [shape=(T,)]` under a Hann window of `window` frames.

    The ends are continued by point reflection, so that a slope keeps its value there.
    """
    half = min(window // 2, len(angle) - 1)
    values = np.asarray(angle, np.float64)
    if half < 1:
        return values
    kernel = np.hanning(2 * half + 3)[1:-1]
    kernel /= kernel.sum()
    padded = np.pad(values, half, mode="reflect", reflect_type="odd")
    return np.convolve(padded, kernel, mode="valid")


def orientation_extremes(angle: Curve, *, smooth: int, window: int, min_gap: int) -> Ints:
    """Frames where `angle` is largest or smallest within a short period, first and last included.

    Args:
        angle: head orientation about one axis, `[shape=(T,)]`, rad, T >= 1.
        smooth: width of the Hann window that removes jitter first, frames.
        window: the short period: an extreme is not surpassed within half of it to either side.
        min_gap: keyframes nearer than this are thinned, the less pronounced one goes, frames.

    Returns:
        Increasing frame indices `[shape=(K,), int64]`; the first is 0, the last T - 1.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

    count = len(angle)
    ends = np.unique(np.array([0, count - 1], np.int64))
    if count < 3:
        return ends
    curve = smoothed(angle, smooth)
    size = 2 * min(max(1, window // 2), count - 1) + 1
    before, after = np.diff(curve)[:-1], np.diff(curve)[1:]
    inner = curve[1:-1]
    # Strict on one side only, so that a plateau counts once and a constant curve never.
    highest = (before > 0) & (after <= 0) & (inner >= maximum_filter1d(curve, size)[1:-1])
    lowest = (before < 0) & (after >= 0) & (inner <= minimum_filter1d(curve, size)[1:-1])
    candidates = np.flatnonzero(highest | lowest) + 1
    prominence = np.abs(curve - uniform_filter1d(curve, size, mode="nearest"))
    taken = np.zeros(count + 2 * min_gap, bool)  # frames within reach of a chosen keyframe
    for end in ends:
        taken[end + 1 : end + 2 * min_gap] = True
    chosen = list(ends)
    for frame in candidates[np.argsort(-prominence[candidates], kind="stable")]:
        if not taken[frame + min_gap]:
            taken[frame + 1 : frame + 2 * min_gap] = True
            chosen.append(frame)
    return np.unique(np.array(chosen, np.int64))
