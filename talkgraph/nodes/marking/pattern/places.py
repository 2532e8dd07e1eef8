"""Sizes and places at which a tile is looked for, in groups by how likely they are.

A place is where the seen picture's upper left corner lies in the tile, in units; as its waves come
back with the tile, no more of it can be told. A size is the share of the marked picture's shorter
side that is seen.
"""

from __future__ import annotations

import math

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.marking.pattern.tile import SIDE

Bools = NDArray[np.bool_]

SMALLEST, LARGEST = 0.55, 1.1  # share of the marked picture's shorter side that is seen
STEP = 0.01  # between shares; at half of it the shortest waves at the border are a tenth off
STEPS = 1.5  # of shares, by which sides of an even number of pixels change a picture's size
SLACK = 1.0  # units, by which they move it


@attrs.frozen
class Group:
    """Places that are about equally likely.

    smallest: share of the marked picture that is seen at least, of the same shape; 0: anything.
    part: of the probability of a false alarm, that they may take.
    """

    smallest: float
    part: float

    def where(self, share: float, height: float, width: float, *, mirrored: bool) -> Bools | None:
        """Which places at a share belong to it, `[shape=(SIDE, SIDE)]`; None: no place does.

        The middle of what is seen is held against the middle of the marked picture, which a share
        that is not quite right moves least.

        Args:
            height, width: of the marked picture, if it had the shape of what is seen, units.
        """
        if not self.smallest:
            return np.ones((SIDE, SIDE), np.bool_)
        near = math.exp(STEPS * STEP)
        if not self.smallest / near < share < near:
            return None
        off = (
            max(1 - max(share, self.smallest), 0.0) / 2
        )  # of the middle, if all is cut on one side
        left = (1 + share if mirrored else 1 - share) / 2
        return np.outer(
            _around((1 - share) / 2 * height, off * height + SLACK),
            _around(left * width, off * width + SLACK),
        )


GROUPS = (
    Group(smallest=1.0, part=0.4),  # the whole picture, at any size
    Group(smallest=0.88, part=0.3),  # without a margin: a crop of 10 %, and some more
    Group(smallest=0.0, part=0.3),  # all that is tried
)


def shares() -> NDArray[np.float64]:
    """The shares that are tried, 1 among them."""
    below = np.arange(0, math.log(1 / SMALLEST), STEP)
    above = np.arange(STEP, math.log(LARGEST), STEP)
    found: NDArray[np.float64] = np.exp(np.concatenate([-below, above]))
    return found


def _around(units: float, reach: float) -> Bools:
    """The places of corners up to `reach` from one along an axis, `[shape=(SIDE,)]`."""
    found: Bools = (-np.arange(SIDE) - units + reach) % SIDE <= 2 * reach
    return found
