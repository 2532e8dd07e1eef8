"""A motion given the spreads and the range that a person shows, band of frequency by band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.habit.habit import BANDS_HZ
from talkgraph.nodes.signals import soft_limit, split_bands, spread_in_stretches

Array = NDArray[np.float64]

MAX_GAIN = 20.0  # a band that is hardly there is not blown up to noise
PERCENTILE = 1.0  # of the poses seen, left out of the range at either end
REACH, KNEE = 1.3, 0.3  # the range in those seen, and the share of it that is left alone


def matched(away: Array, seen: Array, fps: float) -> Array:
    """`away [shape=(T, 6)]`, poses about a mean, moved as much as `seen [shape=(N, 6)]` is.

    Spreads are those within stretches of about N frames: a head that is watched for longer strays
    further.
    """
    away, seen = away - away.mean(0), seen - seen.mean(0)
    bands = split_bands(away, BANDS_HZ, fps).astype(np.float64)
    wanted = split_bands(seen, BANDS_HZ, fps).std(1)
    spread = spread_in_stretches(bands, len(seen))
    gain = np.minimum(wanted / np.maximum(spread, 1e-9), MAX_GAIN)
    low, high = np.percentile(seen, [PERCENTILE, 100 - PERCENTILE], axis=0)
    return soft_limit((gain[:, None] * bands).sum(0), REACH * low, REACH * high, KNEE)
