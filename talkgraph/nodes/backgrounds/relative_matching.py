"""Relative background matching, as the public implementation of Yi et al. 2022 does it.

A predicted head may be held elsewhere than the clip's ever is. So only the first keyframe is
matched by its pose; each later one by how far the head has turned since the one before, from where
that one was matched, and no farther away in the clip than the keyframes are apart.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.values import Ints

Curve = NDArray[np.float64]

SMOOTHED_OVER = 7  # frames, length of the Hanning window
LARGEST_SHARE = 10  # at most every tenth frame is a keyframe
NEIGHBOURS = 2  # on either side, that a kept extreme surpasses


def turning_points(angle: Curve) -> Ints:
    """Keyframes: where `angle [shape=(T,)]` turns back, thinned, with the first and last frame.

    Returns:
        Increasing indices `[shape=(K,), int64]`; for one frame that frame.
    """
    curve = hanning_mean(angle)
    found = extremes(curve, 1)
    while len(found) > len(curve) / LARGEST_SHARE:
        found = found[extremes(curve[found], NEIGHBOURS)]  # fewer: its ends never are
    return np.unique(np.concatenate([found, [0, len(curve) - 1]])).astype(np.int64)


def extremes(series: Curve, order: int) -> Ints:
    """Indices of what is strictly above, or below, `order` neighbours on both sides."""
    from scipy.signal import argrelextrema

    sides = (argrelextrema(series, compare, order=order)[0] for compare in (np.greater, np.less))
    return np.sort(np.concatenate(list(sides))).astype(np.int64)


def hanning_mean(angle: Curve) -> Curve:
    """Mean of `angle [shape=(T,)]` under a Hanning window, the ends mirrored about their frame."""
    kernel = np.hanning(SMOOTHED_OVER)
    padded = np.pad(np.asarray(angle, np.float64), SMOOTHED_OVER // 2, mode="reflect")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def relative_frames(predicted: Curve, offered: Curve, keyframes: Ints) -> Ints:
    """The clip's frame for each keyframe, `[shape=(K,), int64]`.

    Args:
        predicted: angles of all output frames, `[shape=(T, 3)]`.
        offered: angles of the clip's frames, `[shape=(N, 3)]`; distances are sums of absolute
            differences, of equal ones the first frame is taken.
    """
    matches = [int(np.abs(offered - predicted[keyframes[0]]).sum(1).argmin())]
    for before, frame in pairwise(keyframes):
        last, gap = matches[-1], int(frame - before)
        target = offered[last] + predicted[frame] - predicted[before]
        start = max(last - gap, 0)
        near = offered[start : last + gap]
        matches.append(start + int(np.abs(near - target).sum(1).argmin()))
    return np.asarray(matches, np.int64)
