"""How speech changes the speed of a head: in people in general, and in this one.

Real heads move little for a while and then a lot: they hold a posture, and shift to another. So all
but the slowest band of the motion is scaled by a slowly varying factor, and time runs faster and
slower for the slowest, which brings back the stillness that a network smooths away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.habit.coupling import coupling_of, log_speed, smooth
from talkgraph.nodes.head_motion.habit.habit import BANDS_HZ
from talkgraph.nodes.head_motion.manner.spread import Spread
from talkgraph.nodes.signals import split_bands

Array = NDArray[np.float64]

LARGEST = 0.7  # of the general response, in log speed
_OWN = 0.6  # of the person's coupling that is put on before the motion is measured
_OWN_FRAMES = 4.0
_SHRINK = 0.6  # a coupling seen in a few seconds is worth so much
_ROUNDS = 3
_SURE = 0.8  # of what is missing of the coupling, added in each round
_LARGEST_SLOPE = 0.6
_NOISE = 0.3  # log speed that follows nothing
_NOISE_FRAMES = 8.0


def paced(away: Array, pace: Array, fps: float, holding: float) -> Array:
    """`away [shape=(T, 6)]` at log speeds `pace [shape=(T,)]`.

    All but the slowest band is scaled by exp(pace); time runs exp(`holding` * pace) times as fast
    for the slowest, but for a factor with which it ends on time.
    """
    bands = split_bands(away, BANDS_HZ, fps).astype(np.float64)
    posture, frames = bands[0], np.arange(len(away), dtype=np.float64)
    if holding and len(away) > 1:
        ahead = np.exp(holding * (pace - pace.mean()))
        places = np.concatenate([[0.0], np.cumsum((ahead[1:] + ahead[:-1]) / 2)])
        places *= frames[-1] / places[-1]
        posture = np.stack([np.interp(places, frames, axis) for axis in posture.T], axis=1)
    return np.asarray(posture + np.exp(pace)[:, None] * bands[1:].sum(0))


def response_to(
    heard: NDArray[np.floating], response: NDArray[np.floating], lags: tuple[int, ...]
) -> Array:
    """Log speed, less its mean, that follows from `heard [shape=(N, columns)]`; `[shape=(N,)]`."""
    count = len(heard)
    places = np.arange(count)
    total = np.zeros(count)
    for lag, row in zip(lags, response, strict=True):
        total += heard[np.clip(places + lag, 0, count - 1), : len(row)] @ row
    return np.asarray(np.clip(total - total.mean(), -LARGEST, LARGEST))


def with_general_pace(
    away: Array,
    response: Array,
    energy: Array,
    coupling: float,
    general: float,
    spread: Spread,
    holding: float,
) -> Array:
    """`away` at the pace of people in general, and a part of this person's.

    Args:
        response: `[shape=(T,)]`, of `response_to`.
        energy: `[shape=(T,)]`, relative loudness.
        coupling, general: of this person, and people's mean.
    """
    own = _OWN * (coupling - general) * smooth(energy, _OWN_FRAMES)
    return spread.given_to(paced(away, response + own, spread.fps, holding))


def with_coupling(
    away: Array,
    energy: Array,
    coupling: float,
    general: float,
    spread: Spread,
    holding: float,
    random: np.random.Generator,
) -> Array:
    """`away` whose log speed follows `energy` as much as the person's does."""
    wanted = general + _SHRINK * (coupling - general)
    noise = smooth(random.standard_normal(len(away)), _NOISE_FRAMES)
    noise *= _NOISE / max(float(noise.std()), 1e-9)
    slope, made = 0.0, away
    for _ in range(_ROUNDS):
        realised = coupling_of(log_speed(made, spread.fps), energy)
        slope = float(np.clip(slope + _SURE * (wanted - realised), -_LARGEST_SLOPE, _LARGEST_SLOPE))
        pace = slope * energy + noise
        pace -= 0.5 * np.log(np.mean(np.exp(2 * pace)))
        made = spread.given_to(paced(away, pace, spread.fps, holding))
    return made
