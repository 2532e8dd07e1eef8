"""Stretches of frames whose keypoints are predicted at once, and what is kept of each.

Windows of 64 frames start every 32. Of each the middle half is kept, of the first its beginning too
(Audio2Head: frame k < 48 is place k of window 0, a later one place k - 32 w of w = (k - 16) // 32).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.keypoint_field.networks import WINDOW

STRIDE = WINDOW // 2
_MARGIN = STRIDE // 2  # frames at either end of a window that its neighbours know better


def starts(count: int) -> NDArray[np.int64]:
    """First frames of the windows that `count` frames are predicted in, without the last where
    nothing is kept of it."""
    if not count:
        return np.empty(0, np.int64)
    return STRIDE * np.arange(int(kept(count)[-1, 0]) + 1)


def kept(count: int) -> NDArray[np.int64]:
    """Window and place in it of every frame, `[shape=(count, 2)]`."""
    frame = np.arange(count)
    window = np.maximum((frame - _MARGIN) // STRIDE, 0)
    return np.stack([window, frame - STRIDE * window], axis=1)
