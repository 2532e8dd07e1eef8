"""Which pieces of a speech are encoded, and how much each counts at every step of 20 ms.

The pieces lie at fixed times, so that each depends on its own stretch of the speech alone. At every
step the weights of all pieces sum to one.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen(eq=False)
class EncodingWindow:
    """Steps from `first` to before `stop`, and the weight of each, `[shape=(stop - first,)]`."""

    first: int
    weights: NDArray[np.float64]

    @property
    def stop(self) -> int:
        """The step after its last."""
        return self.first + len(self.weights)


def overlapping(steps: int, half: int) -> Iterator[EncodingWindow]:
    """Windows of 2 `half` steps that overlap by half and are faded into each other.

    The first and the last, which may be shorter, count fully at the ends of the speech.
    """
    ramp = np.arange(0.5, half) / half
    for first in range(0, max(1, steps - half), half):
        weights = np.ones(min(2 * half, steps - first))
        if first > 0:
            weights[:half] = ramp
        if first + len(weights) < steps:
            weights[half:] = ramp[::-1]
        yield EncodingWindow(first, weights)


def live(steps: int, length: int, ahead: int) -> Iterator[EncodingWindow]:
    """Windows of `length` steps, of which only a few near the end count.

    What counts hears no more than `ahead` steps on from where it begins, and all of the past that a
    window has room for.
    """
    each = max(1, ahead // 2)
    for start in range(0, steps, each):
        stop = min(start + ahead, steps)
        first = max(0, stop - length)
        weights = np.zeros(stop - first)
        weights[start - first : start - first + each] = 1
        yield EncodingWindow(first, weights)
