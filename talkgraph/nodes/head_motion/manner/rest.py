"""A head comes to rest where nobody speaks for long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.habit.coupling import smooth

Array = NDArray[np.float64]

_SETTLING_FRAMES = 12.0  # half a second to come to rest, and to begin again


def restfulness(active: NDArray[np.bool_], longest_pause: float, fps: float) -> Array:
    """How far a head has come to rest, `[shape=(T,)]` in [0, 1].

    Args:
        active: `[shape=(T,)]`, where somebody speaks.
        longest_pause: s; a shorter pause belongs to the speech, and changes nothing.
    """
    resting = np.zeros(len(active))
    edges = np.flatnonzero(np.diff(np.concatenate([[1], active.astype(np.int8), [1]])))
    margin = round(longest_pause * fps / 2)
    for start, stop in edges.reshape(-1, 2):
        # A head has not yet begun to rest just after speech, and wakes before it goes on.
        first = start + margin if start else 0
        last = stop - margin if stop < len(active) else stop
        if stop - start > 2 * margin and last > first:
            resting[first:last] = 1.0
    return np.clip(smooth(resting, _SETTLING_FRAMES), 0.0, 1.0)
