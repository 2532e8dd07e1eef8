"""Whether the head goes faster when the voice is louder, and whether it rests when nobody speaks.

How much is a matter of the person: of real people some quicken when they get louder and some slow
down, and stay so. A method should take that over from the clip.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.events import SLOWEST
from talkgraph.nodes.evaluate.head.talks import HeadTalk, speed
from talkgraph.nodes.signals import correlation

Array = NDArray[np.float64]

SMOOTH = 5.0  # frames, sigma
SOFT = 0.3  # added to the spread of the energy, so that a monotone recording has no wild slope
TINY = 1e-9


def coupling(talk: HeadTalk) -> float:
    """Slope of log head speed on log energy, both smoothed over .2 s.

    The energy is centred and divided by (its spread + .3); the speed is log(deg/s + .3).
    """
    fast, loud = _smoothed(talk)
    loud = (loud - loud.mean()) / (loud.std() + SOFT)
    return float(np.mean(loud * (fast - fast.mean())) / max(float(np.mean(loud**2)), TINY))


def energy_response(talk: HeadTalk) -> float:
    """r of log head speed with energy, less the same with the energy rolled by half the clip."""
    fast, loud = _smoothed(talk)
    return correlation(fast, loud) - correlation(fast, np.roll(loud, len(loud) // 2))


def silence_speed_ratio(talk: HeadTalk) -> float | None:
    """Mean speed of the head in silence over that in speech; None with under half a second of one.

    At most 1 is usual; presenters nod in pauses as much as in speech.
    """
    quiet, least = ~talk.active, talk.fps / 2
    if min(quiet.sum(), talk.active.sum()) < least:
        return None
    fast = speed(talk.pose, talk.fps)
    return float(fast[quiet].mean() / max(float(fast[talk.active].mean()), TINY))


def _smoothed(talk: HeadTalk) -> tuple[Array, Array]:
    from scipy.ndimage import gaussian_filter1d

    fast = np.log(speed(talk.pose, talk.fps) + SLOWEST)
    return (
        gaussian_filter1d(fast, SMOOTH, mode="nearest"),
        gaussian_filter1d(talk.energy, SMOOTH, mode="nearest"),
    )
