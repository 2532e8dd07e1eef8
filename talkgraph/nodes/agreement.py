"""Agreement of a made series with the real one: correlation, concordance, spread, lag.

Found clips are often off by a constant few frames, for which no mapping can be blamed. So every
figure is taken twice: frame by frame, and at the lag that fits best. A lag that is picked where it
is then scored flatters: here it is *cross-fitted*, each half of the clip is scored at the lag that
was found on the other half.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.signals import best_lag, correlation

Series = NDArray[np.floating]
Counted = NDArray[np.bool_]
Indices = NDArray[np.int64]

TINY = 1e-9  # below this a spread is none


def concordance(a: Series, b: Series) -> float:
    """Lin's concordance correlation coefficient (1989) of two series `[shape=(T,)]`, in [-1, 1].

    2 cov / (var a + var b + (mean a - mean b)²) with population moments: unlike Pearson's r it
    falls with a wrong gain and with a wrong offset. Two equal constants give 1.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    scale = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    if scale < TINY**2:
        return 1.0
    return float(2 * np.mean((a - a.mean()) * (b - b.mean())) / scale)


def spread_ratio(made: Series, real: Series) -> float:
    """Standard deviation of the made series over that of the real one; 1 is right.

    Args:
        made, real: `[shape=(T,)]`; a real series that does not move counts as one that hardly does.
    """
    return float(np.std(made) / max(float(np.std(real)), TINY))


@attrs.frozen(eq=False)
class Pairs:
    """Which frame of the made series goes with which of the real one, `[shape=(N,)]` each.

    lags: that were used, in frames; positive: the real picture is late against its sound.
    """

    made: Indices
    real: Indices
    lags: tuple[int, ...]

    def of(self, made: Series, real: Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The paired items of two series `[shape=(T, ...)]`."""
        return np.asarray(made[self.made], np.float64), np.asarray(real[self.real], np.float64)


def pairs_at(lag: int, counted: Counted, start: int = 0, stop: int | None = None) -> Pairs:
    """Pair made frame t - lag with real frame t, for the counted real frames from start to stop.

    Args:
        counted: `[shape=(T,)]`, False for real frames in which the face was not measured.
    """
    count = len(counted)
    real = np.arange(start, count if stop is None else stop)
    real = real[counted[real] & (real - lag >= 0) & (real - lag < count)]
    return Pairs(real - lag, real, (lag,))


def cross_fitted_pairs(made: Series, real: Series, counted: Counted, most: int) -> Pairs:
    """Pairs in which each half of the clip stands at the lag that was found on the other half.

    Halves too short to tell a lag (fewer than six times `most` frames) stay at lag 0.

    Args:
        made, real: `[shape=(T,)]`, the series by which the lag is found (lip opening).
        most: the largest lag tried, in frames, either way.
    """
    middle = len(real) // 2
    if middle < 6 * most or most == 0:
        return pairs_at(0, counted)
    halves = (slice(0, middle), slice(middle, len(real)))
    first, second = (best_lag(real[h], made[h], most, counted[h])[0] for h in halves)
    parts = (pairs_at(second, counted, 0, middle), pairs_at(first, counted, middle))
    return Pairs(
        np.concatenate([part.made for part in parts]),
        np.concatenate([part.real for part in parts]),
        (second, first),
    )


def agreement(made: Series, real: Series, pairs: Pairs) -> dict[str, float]:
    """r, ccc, ccc_centred and spread of paired frames.

    ccc_centred is the concordance of the series less their means: what is left when a constant,
    which is a matter of the person and not of the speech, is forgiven.
    """
    mine, theirs = pairs.of(made, real)
    if not len(mine):
        return {"r": 0.0, "ccc": 0.0, "ccc_centred": 0.0, "spread": 0.0}
    return {
        "r": correlation(mine, theirs),
        "ccc": concordance(mine, theirs),
        "ccc_centred": concordance(mine - mine.mean(), theirs - theirs.mean()),
        "spread": spread_ratio(mine, theirs),
    }
