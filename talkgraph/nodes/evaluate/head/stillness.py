"""Pauses of movement: real heads hold still and then move; made ones tend to sway without end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.talks import ANGLES, speed, velocity

Curves = NDArray[np.float64]

STILL_BELOW = 0.35  # of the mean speed
HOLD = 1.0  # s
HELD_WITHIN = 0.25  # standard deviations, either way
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


def held_share(pose: Curves, fps: float) -> float:
    """Share of frames in which yaw, and in which roll, is held; mean of the two.

    An angle is held while it stays for a second or more within half of its own standard deviation.
    Real heads hold yaw and roll for seconds and then shift (about .4 of the time); a sway at one
    frequency is never held.

    Args:
        pose: `[shape=(T, 3 or 6)]`.

    Returns:
        0 where there is less than a second.
    """
    length = round(HOLD * fps)
    if len(pose) < length:
        return 0.0
    shares = []
    for angle in (pose[:, 1], pose[:, 2]):
        stretches = np.lib.stride_tricks.sliding_window_view(angle, length)
        calm = np.ptp(stretches, axis=1) < 2 * HELD_WITHIN * max(float(angle.std()), TINY)
        # A frame is held if any calm stretch holds it.
        share = np.convolve(calm, np.ones(length), "full")
        shares.append(np.mean(share > 0.5))
    return float(np.mean(shares))
