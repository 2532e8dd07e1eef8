"""How a person moves the brows: how far at which pace, and with the head."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.signals import split_bands
from talkgraph.nodes.values import Bools

Array = NDArray[np.float64]
Curve = NDArray[np.floating]

BANDS_HZ = (0.35, 1.0, 2.0, 4.0)  # between the bands; what is faster is noise of the tracker

# Medians over 73 found clips of 6 s and more, in head units, those of the turn per rad of pitch,
# yaw and roll; the range in spreads of the whole movement.
SPREAD = (0.008, 0.0038, 0.0021, 0.0013)
TURN = (-0.05, 0.0, 0.0)
RANGE = (-1.8, 2.4)
FRAMES = 300  # of such a clip
OWN_FRAMES = 250  # so much of a clip tells as much of its turn as people in general do


@attrs.frozen(kw_only=True, eq=False)
class BrowHabit:
    """In head units.

    middle: height about which the brows move.
    low, high: how far they go from there.
    spread: `[shape=(len(BANDS_HZ),)]`, standard deviation in each band, the head's share apart.
    frames: in which it has that spread: in more it would be larger.
    turn: `[shape=(3,)]`, change per rad of the head's rotation from `facing`.
    facing: `[shape=(3,)]`, the mean rotation of the head, rad.
    """

    middle: float
    low: float
    high: float
    spread: Array
    frames: int
    turn: Array
    facing: Array


def general_habit(height: Curve, rotation: Curve) -> BrowHabit:
    """That of people in general, about a person's own height `[shape=(T,)]` of the brows.

    Args:
        rotation: of the head, `[shape=(T, 3)]`, rad.
    """
    whole = float(np.linalg.norm(SPREAD))
    return BrowHabit(
        middle=float(np.median(height)),
        low=RANGE[0] * whole,
        high=RANGE[1] * whole,
        spread=np.array(SPREAD),
        frames=FRAMES,
        turn=np.array(TURN),
        facing=np.asarray(rotation, np.float64).mean(0),
    )


def habit_of(height: Curve, rotation: Curve, measured: Bools, fps: float) -> BrowHabit:
    """That of a clip.

    Args:
        height: of the brows, `[shape=(T,)]`.
        rotation: of the head, `[shape=(T, 3)]`, rad.
        measured: `[shape=(T,)]`, frames that count.
    """
    middle = float(np.median(height[measured]))
    facing = np.asarray(rotation, np.float64)[measured].mean(0)
    moved, turned = height - middle, rotation - facing
    seen = turned[measured]
    # Where a head hardly turns, its turn tells nothing: it is held to that of people in general.
    prior = OWN_FRAMES * np.diag(seen.var(0) + 1e-9)
    own = seen.T @ moved[measured] + prior @ np.array(TURN)
    turn = np.linalg.solve(seen.T @ seen + prior, own)
    alone = split_bands((moved - turned @ turn)[:, None], BANDS_HZ, fps)[: len(BANDS_HZ)]
    low, high = np.percentile(moved[measured], (1.0, 99.0))
    return BrowHabit(
        middle=middle,
        low=float(low),
        high=float(high),
        spread=np.asarray(alone[:, measured, 0].std(1), np.float64),
        frames=int(measured.sum()),
        turn=np.asarray(turn, np.float64),
        facing=facing,
    )
