"""The usual colours of one face, and what differs from them.

Head and light move, so a vertex is compared not with its own usual colour alone but with all that
are usual close by, and differences count in units of how far it changes by itself.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.albedo.complete import weighted_median
from talkgraph.nodes.values import Bools, Floats, Ints

FLOOR = 0.04  # of 1; keeps the logarithm of black within reason
NORMAL = 1.48  # standard deviations per median distance


def tints(colour: Floats) -> Floats:
    """Brightness, and red and blue beside green, as logarithms; of colours `[shape=(..., 3)]`."""
    red, green, blue = np.moveaxis(np.log(colour + np.float32(FLOOR)), -1, 0)
    return np.stack([(red + green + blue) / 3, red - green, blue - green], axis=-1)


@attrs.frozen(eq=False)
class Usual:
    """What V vertices of a face usually look like, as `tints`.

    centre, low, high: `[shape=(V, 3)]`, of each, and the range of those near it.
    spread: `[shape=(V, 3)]`, standard deviation over frames.
    known: `[shape=(V,)]`, whether it was ever seen.
    """

    centre: Floats
    low: Floats
    high: Floats
    spread: Floats
    known: Bools

    @classmethod
    def of(cls, tint: Floats, seen: Bools, near: tuple[Ints, Ints]) -> Usual:
        """Learn from frames.

        Args:
            tint: `[shape=(F, V, 3)]`.   seen: `[shape=(F, V)]`, which of them count.
            near: the vertices near each, one after another, and where each one's begin.
        """
        weight = seen.astype(np.float32)
        centre, most = weighted_median(tint, weight)
        known = most > 0
        away = np.stack([_evened(*one, known) for one in zip(tint - centre, seen, strict=True)])
        spread, _ = weighted_median(np.abs(away), weight)
        members, begin = near
        of_unknown = ~known[:, None]
        low = np.minimum.reduceat(np.where(of_unknown, np.inf, centre)[members], begin)
        high = np.maximum.reduceat(np.where(of_unknown, -np.inf, centre)[members], begin)
        return cls(centre, low, high, (NORMAL * spread).astype(np.float32), known)

    def strangeness(
        self, tint: Floats, seen: Bools, unit: Floats, deviations: float
    ) -> NDArray[np.float32]:
        """How far a frame lies off, `[shape=(V,)]`, 1 at the border; 0 where nothing is known.

        Args:
            tint: `[shape=(V, 3)]`.   seen: `[shape=(V,)]`.
            unit: `[shape=(3,)]`, the difference that counts.
            deviations: how many standard deviations are added to it.
        """
        there = self.centre + _evened(tint - self.centre, seen, self.known)
        beyond = np.maximum(self.low - there, 0) + np.maximum(there - self.high, 0)
        border = unit + deviations * self.spread
        far = np.sqrt(((beyond / border) ** 2).sum(axis=-1))
        return np.where(seen & self.known, far, 0).astype(np.float32)

    def difference(self, tint: Floats, seen: Bools, unit: Floats) -> NDArray[np.float32]:
        """How far each vertex of frames lies off its own usual colour, in units, `[shape=(F, V)]`.

        Args:
            tint: `[shape=(F, V, 3)]`.
            seen: `[shape=(F, V)]`, by which light and exposure are told.
            unit: `[shape=(3,)]`.
        """
        frames = zip(tint - self.centre, seen, strict=True)
        away = np.stack([_evened(*one, self.known) for one in frames])
        return np.asarray(np.linalg.norm(away / unit, axis=-1), np.float32)


def _evened(away: Floats, seen: Bools, known: Bools) -> Floats:
    """Differences without what all of the face has in common: exposure and white balance."""
    both = seen & known
    if not both.any():
        return away
    return np.asarray(away - np.median(away[both], axis=0), np.float32)
