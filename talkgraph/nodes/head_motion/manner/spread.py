"""Giving a motion the spreads and the range of a habit."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.habit.habit import BANDS_HZ, Habit
from talkgraph.nodes.head_motion.habit.seen_motion import CUTOFF_HZ
from talkgraph.nodes.signals import low_pass, soft_limit, split_bands, spread_in_stretches

Array = NDArray[np.float64]

TURN_LIMITS = np.radians([40.0, 60.0, 35.0])
"""How far a neck turns, nods and tilts without strain, either way from facing the camera."""

_KNEE = 0.8


@attrs.frozen(kw_only=True, eq=False)
class Spread:
    """The spreads of a habit, at 25 fps or so.

    fps: frames per second.
    max_gain: most by which a band of an axis is amplified.
    reach: its range, in ranges of the habit.
    knee: share of the range, from its middle, in which the pose is left alone.
    """

    habit: Habit
    fps: float
    max_gain: float
    reach: float
    knee: float

    def given_to(self, away: Array) -> Array:
        """`away [shape=(T, 6)]`, a pose less a mean, with the spread of the habit in each band.

        Spreads are measured as those of the habit were: without what is faster than `CUTOFF_HZ`,
        and within stretches of about as many frames.
        """
        away = away - away.mean(0)
        bands = split_bands(away, BANDS_HZ, self.fps).astype(np.float64)
        seen = split_bands(low_pass(away, CUTOFF_HZ, self.fps), BANDS_HZ, self.fps)
        spread = spread_in_stretches(seen, self.habit.frames)
        gain = np.minimum(self.habit.band_std / np.maximum(spread, 1e-9), self.max_gain)
        matched = (gain[:, None] * bands).sum(0)
        low, high = self.reach * self.habit.low, self.reach * self.habit.high
        return soft_limit(matched, low, high, self.knee)


def about_home(away: Array, frames: float) -> Array:
    """`away [shape=(T, 6)]` less its mean over about `frames`: a sitter comes back to the place.

    Of less than that only the mean is taken off.
    """
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(away - gaussian_filter1d(away, frames, axis=0, mode="reflect"), np.float64)


def within_neck(pose: Array, mean: Array) -> Array:
    """`pose [shape=(T, 6)]` with its angles inside what a neck does; `mean` is always inside."""
    low = np.minimum(-TURN_LIMITS, mean[:3] - 0.1)
    high = np.maximum(TURN_LIMITS, mean[:3] + 0.1)
    return np.concatenate([soft_limit(pose[:, :3], low, high, _KNEE), pose[:, 3:]], axis=1)
