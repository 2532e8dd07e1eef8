"""From pairs of frames to frames, and from short speech to speech that is long enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def at_video_rate(series: NDArray[np.floating], count: int) -> Array:
    """`count` frames of `series [shape=(N, D)]`, whose rows are the middles of pairs of frames."""
    from scipy.interpolate import CubicSpline

    middles = 2.0 * np.arange(len(series)) + 0.5
    frames = np.clip(np.arange(count), middles[0], middles[-1])
    if len(series) < 2:
        return np.repeat(np.asarray(series, np.float64), count, axis=0)
    return np.asarray(CubicSpline(middles, series, axis=0)(frames))


def repeated(count: int, least: int) -> NDArray[np.int64]:
    """Frames of a sequence that is heard again and again until `least` frames are full.

    Returns:
        `[shape=(T,)]`, T >= `least` a multiple of `count`; 0 to `count` - 1 come first.
    """
    return np.tile(np.arange(count), max(-(-least // max(count, 1)), 1))
