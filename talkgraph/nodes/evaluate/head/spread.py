"""Range, speed and shake of head movement against the real ones; 1 is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.talks import ANGLES, velocity

Curves = NDArray[np.float64]

TINY = 1e-6


def spread_ratios(made: Curves, real: Curves) -> NDArray[np.float64]:
    """Standard deviation of pitch, yaw and roll over the real ones, `[shape=(3,)]`.

    Args:
        made, real: `[shape=(T, 3 or 6)]`; lengths may differ.
    """
    return np.asarray(made[:, ANGLES].std(0) / np.maximum(real[:, ANGLES].std(0), TINY), np.float64)


def speed_ratios(made: Curves, real: Curves, fps: float) -> NDArray[np.float64]:
    """Root mean square of the velocity of pitch, yaw, roll over the real ones, `[shape=(3,)]`."""
    mine, theirs = (_rms(velocity(x[:, ANGLES], fps)) for x in (made, real))
    return np.asarray(mine / np.maximum(theirs, TINY))


def jerk_ratio(made: Curves, real: Curves) -> float:
    """Root mean square of the third difference of the angles over the real one."""
    mine, theirs = (float(_rms(np.diff(x[:, ANGLES], n=3, axis=0)).mean()) for x in (made, real))
    return mine / max(theirs, TINY)


def typical(ratios: Sequence[NDArray[np.float64]] | NDArray[np.float64]) -> float:
    """Geometric mean of ratios of any shape: a half and a double make one."""
    return float(np.exp(np.mean(np.log(np.maximum(np.asarray(ratios), TINY)))))


def typical_factor(ratios: Sequence[NDArray[np.float64]] | NDArray[np.float64]) -> float:
    """By what factor a ratio is typically off, at least 1: a half and a double make two.

    A method may be right on average (`typical` near 1) and wrong for every clip.
    """
    return float(np.exp(np.mean(np.abs(np.log(np.maximum(np.asarray(ratios), TINY))))))


def drift(pose: Curves, fps: float, seconds: float = 60.0) -> float:
    """How far the head has wandered: mean of the last minute less that of the first.

    Mean over the angles of the absolute difference, in standard deviations of the first minute.

    Args:
        pose: `[shape=(T, 3 or 6)]`, at least twice `seconds` long.

    Raises:
        ValueError: it is shorter.
    """
    part = round(seconds * fps)
    if len(pose) < 2 * part:
        raise ValueError(f"drift needs {2 * part} frames or more, got {len(pose)}")
    first, last = pose[:part, ANGLES], pose[-part:, ANGLES]
    away = np.abs(last.mean(0) - first.mean(0)) / np.maximum(first.std(0), TINY)
    return float(away.mean())


def jitter(sequence: NDArray[np.floating]) -> float:
    """Root mean square of the second difference over sqrt(6), in the sequence's own unit.

    For independent noise of deviation σ on top of linear motion it is σ (the second difference
    1, -2, 1 has variance 6 σ²). Shakes raise it, and so does real acceleration: compare with the
    real video's.

    Args:
        sequence: `[shape=(T, ...)]`, T >= 3.
    """
    if len(sequence) < 3:
        raise ValueError(f"jitter needs 3 frames or more, got {len(sequence)}")
    second = np.diff(np.asarray(sequence, np.float64), n=2, axis=0)
    return float(np.sqrt(np.mean(second**2) / 6))


def _rms(x: Curves) -> Curves:
    return np.asarray(np.sqrt(np.mean(x**2, axis=0)))
