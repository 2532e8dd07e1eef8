"""Whether the lips meet where they should: on p, b and m, or where the real ones were lowest.

Where the text is known, closures are the frames of bilabial phones. Elsewhere they are the lowest
openings of the real clip, which says less: a clip without p, b and m has lowest openings, too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.floating]
Mask = NDArray[np.bool_]

CLOSED_PERCENTILE = 8.0  # lowest openings of a real clip, taken as closed lips
LOW_PERCENTILE = 15.0  # a made mouth in its own lowest openings counts as closed
NEAR = 1  # frames by which a made closure may miss the real one


def lowest_openings(real: Series, counted: Mask, percentile: float = CLOSED_PERCENTILE) -> Mask:
    """The frames of the real clip in which the lips are taken as closed, `[shape=(T,), bool]`.

    Args:
        real: `[shape=(T,)]`, lip opening.   counted: `[shape=(T,)]`, frames that were measured.
        percentile: share of the counted frames, %.
    """
    if not counted.any():
        return np.zeros(len(real), bool)
    return np.asarray(real <= np.percentile(real[counted], percentile)) & counted


def low_openings(made: Series, percentile: float = LOW_PERCENTILE) -> Mask:
    """Frames in which a made mouth is as good as closed by its own standard, `[shape=(T,), bool]`.

    A mouth that does not move is never closed by this.

    Args:
        made: `[shape=(T,)]`, lip opening, T >= 1.
        percentile: of `made` up to which it is low, in [0, 100]; always below its mean.
    """
    low = np.asarray(made <= np.percentile(made, percentile))
    return low & (np.asarray(made) < np.mean(made) - 1e-9)


def hits_and_false(made: Series, real: Series, closed: Mask, counted: Mask) -> tuple[float, float]:
    """Share of closed frames that are hit, and share of open ones in which the made mouth closes.

    A closure is hit where the made mouth is low within `NEAR` frames. Open frames are those above
    the median of the real opening. Random closures of the same number hit about
    1 - (1 - .15)³ = .39 and are false in .15 of the open frames.

    Args:
        made, real: `[shape=(T,)]`, lip opening, frame by frame.
        closed: `[shape=(T,)]`, of `lowest_openings`, or those of p, b and m.
        counted: `[shape=(T,)]`; other frames count neither as closed nor as open.
    """
    low = low_openings(made)
    near = np.convolve(low, np.ones(2 * NEAR + 1), mode="same") > 0
    closed = closed & counted
    opened = (real > np.median(real[counted])) & counted if counted.any() else counted
    return _share(near, closed), _share(low, opened)


def closure_depth(series: Series, closed: Mask, unit: float) -> float:
    """How far below its own mean the mouth goes in closures: mean over their lowest frames.

    Compare with the depth of the real mouth in the same unit: less is a mouth that hovers half
    open.

    Args:
        series: `[shape=(T,)]`, lip opening.
        closed: `[shape=(T,)]`; a run of True frames, widened by `NEAR`, is one closure.
        unit: the spread of the real opening.

    Returns:
        depth in units; 0 where nothing is closed.
    """
    lowest = [
        float(np.min(series[max(start - NEAR, 0) : stop + NEAR])) for start, stop in runs_of(closed)
    ]
    if not lowest:
        return 0.0
    return float((np.mean(series) - np.mean(lowest)) / max(unit, 1e-9))


def runs_of(mask: Mask) -> list[tuple[int, int]]:
    """Start and stop of every run of True in `mask [shape=(T,)]`, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _share(of: Mask, among: Mask) -> float:
    return float(of[among].mean()) if among.any() else 0.0
