"""How a person's head moves, as a few numbers that a motion can be given."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.habit.coupling import (
    SMOOTH_FRAMES,
    coupling_of,
    log_speed,
    relative_energy,
)
from talkgraph.nodes.head_motion.habit.seen_motion import SeenMotion
from talkgraph.nodes.prosody.prosody import Prosody
from talkgraph.nodes.signals import split_bands

Array = NDArray[np.float64]

BANDS_HZ = (0.25, 0.8, 2.5)
"""Between posture, sway, nods and tremor; what lies above the last is a band of its own."""

_TINY = 1e-4


def _array(values: Any) -> Array:
    return np.asarray(values, np.float64)


@attrs.frozen(kw_only=True, eq=False)
class Habit:
    """How a head moves; six numbers are angles in rad and the neck's place in head units.

    mean: `[shape=(6,)]`, where it is on average.
    std, speed: `[shape=(6,)]`, spread of the pose, and of its velocity per s.
    band_std: `[shape=(4, 6)]`, spread in each band of `BANDS_HZ`.
    low, high: `[shape=(6,)]`, its range relative to the mean.
    frames: how many the spreads were seen in; a head that is watched for longer strays further.
    coupling: slope of its log speed on relative loudness.
    """

    mean: Array = attrs.field(converter=_array)
    std: Array = attrs.field(converter=_array)
    speed: Array = attrs.field(converter=_array)
    band_std: Array = attrs.field(converter=_array)
    low: Array = attrs.field(converter=_array)
    high: Array = attrs.field(converter=_array)
    frames: float
    coupling: float

    @property
    def code(self) -> Array:
        """`[shape=(13,)]`: log of spread and velocity of each axis, and the coupling."""
        return np.concatenate([np.log(self.std), np.log(self.speed), [self.coupling]])

    def at(self, mean: NDArray[np.floating]) -> Habit:
        """The same habit about another pose `[shape=(6,)]`."""
        return attrs.evolve(self, mean=mean)


def habit_of(
    seen: SeenMotion, prosody: Prosody | None, percentile: float, coupling: float
) -> Habit:
    """The habit that a clip shows.

    Args:
        prosody: of the clip's sound; without it the coupling is `coupling`, people's mean.
        percentile: share of the poses left out of the range at either end, in %.
    """
    pose, fps = seen.pose, seen.fps
    mean = pose.mean(0)
    low, high = np.percentile(pose - mean, [percentile, 100 - percentile], axis=0)
    if prosody is not None:
        energy = relative_energy(prosody, SMOOTH_FRAMES)[seen.start : seen.start + len(pose)]
        coupling = coupling_of(log_speed(pose, fps), energy)
    return Habit(
        mean=mean,
        std=pose.std(0) + _TINY,
        speed=np.gradient(pose, axis=0).std(0) * fps + _TINY,
        band_std=split_bands(pose - mean, BANDS_HZ, fps).std(1),
        low=low,
        high=high,
        frames=len(pose),
        coupling=coupling,
    )


def typical(habits: list[Habit], weights: NDArray[np.floating]) -> Habit:
    """The weighted mean of habits, spreads by their logarithms, about a head at the origin."""
    share = np.asarray(weights, np.float64) / np.sum(weights)

    def mean(values: list[Array]) -> Array:
        return _array(np.tensordot(share, np.stack(values), 1))

    def geometric(values: list[Array]) -> Array:
        return np.exp(mean([np.log(np.maximum(value, 1e-6)) for value in values]))

    return Habit(
        mean=np.zeros(6),
        std=geometric([h.std for h in habits]),
        speed=geometric([h.speed for h in habits]),
        band_std=geometric([h.band_std for h in habits]),
        low=-geometric([-h.low for h in habits]),
        high=geometric([h.high for h in habits]),
        frames=float(share @ [h.frames for h in habits]),
        coupling=float(share @ [h.coupling for h in habits]),
    )
