"""Which source frame each frame of a constant-rate copy shows."""

from __future__ import annotations

import math

import attrs

# Containers round timestamps to as much as 1 ms. Where the source's rate is an even multiple of
# the copy's, the moments fall on the source's frame borders and rounding would pick now the
# earlier, now the later frame; looking a little before the moment always picks the earlier one.
GUARD = 0.002  # s


@attrs.define
class FrameClock:
    """Counts frames of a constant-rate copy while the source's frames go by.

    Frame k of the copy shows what was on display at (k + 0.5) / fps, less `GUARD`.
    """

    fps: float
    made: int = 0

    def due(self, until: float) -> int:
        """Return how many frames of the copy show the source frame that is on display until then.

        Args:
            until: when the next source frame appears, in s from the first one's start.
        """
        total = max(self.made, math.ceil((until + GUARD) * self.fps - 0.5))
        new = total - self.made
        self.made = total
        return new
