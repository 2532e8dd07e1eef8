"""Windows of three frames: which they are, and how the network is given them."""

from __future__ import annotations

import numpy as np

from talkgraph.cache.frames import Pictures
from talkgraph.nodes.values import Floats, Ints

WINDOW = 3  # frames (section 3.4)


def window_of(target: Ints | int) -> Ints:
    """Return the frames t-2, t-1, t, `[shape=(..., 3), int64]`, clamped at the first frame."""
    window: Ints = np.maximum(
        np.asarray(target, np.int64)[..., None] - np.arange(WINDOW - 1, -1, -1), 0
    )
    return window


def to_network(pictures: Pictures) -> Floats:
    """uint8 `(N, H, W, 3)` to float32 `(N, 3, H, W)` in [-1, 1]."""
    scaled = pictures.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def stack_windows(pictures: Floats, windows: Ints) -> Floats:
    """Join frames to windows.

    Args:
        pictures: `[shape=(N, 3, H, W), float32]`.
        windows: `[shape=(B, 3), int64]`, rows of `pictures`.

    Returns:
        `[shape=(B, 9, H, W), float32]`: RGB of t-2, then of t-1, then of t.
    """
    joined = pictures[windows]
    return joined.reshape(len(windows), -1, *pictures.shape[2:])
