"""Pauses of movement: real heads hold still and then move; made ones tend to sway without end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.talks import ANGLES, speed, velocity

Curves = NDArray[np.float64]

STILL_BELOW = 0.35  # of the mean speed
TINY = 1e-9


def velocity_kurtosis(pose: Curves, fps: float) -> float:
    """Kurtosis of the angles' velocity, mean over pitch, yaw and roll; 3 for Gaussian swaying.

    Args:
        pose: `[shape=(T, 3 or 6)]`, degrees.
    """
    moved = velocity(pose, fps)[:, ANGLES]
    centred = moved - moved.mean(0)
    return float(np.mean((centred**4).mean(0) / np.maximum((centred**2).mean(0) ** 2, TINY)))


def still_share(pose: Curves, fps: float) -> float:
    """Share of frames in which the head is slower than .35 of its own mean speed."""
    fast = speed(pose, fps)
    return float(np.mean(fast < STILL_BELOW * max(float(fast.mean()), TINY)))
