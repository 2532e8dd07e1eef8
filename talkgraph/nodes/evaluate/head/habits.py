"""Whether a motion is the person's own, and whether one speech can be accompanied in many ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.talks import ANGLES, velocity

Curves = NDArray[np.float64]

TINY = 1e-6


def log_moments(pose: Curves, fps: float) -> NDArray[np.float64]:
    """Logs of the spread and of the velocity's spread of all six columns, `[shape=(12,)]`."""
    spreads = np.concatenate([pose.std(0), velocity(pose, fps).std(0)])
    return np.asarray(np.log(np.maximum(spreads, TINY)))


def retrieval(
    made: Sequence[Curves],
    rests: Sequence[Curves],
    fps: float,
    people: Sequence[str] | None = None,
) -> float:
    """Share of made motions whose nearest real one is that of the same person (top 1).

    By Euclidean distance of `log_moments`, each in units of its spread over the real ones. Chance
    is 1 / len(rests); two real halves reach .44 of 48.

    Args:
        made, rests: `[shape=(T, 6)]` each; made[i] is of the person of rests[i].
        people: who each is, where a person has several clips; None: everybody is another.

    Raises:
        ValueError: not as many of one as of the other, or fewer than two.
    """
    if len(made) != len(rests) or len(made) < 2:
        raise ValueError(f"as many made as real motions are needed, got {len(made)}, {len(rests)}")
    mine, theirs = (np.stack([log_moments(x, fps) for x in clips]) for clips in (made, rests))
    unit = np.maximum(theirs.std(0), TINY)
    distance = np.linalg.norm((mine[:, None] - theirs[None]) / unit, axis=-1)
    who = np.arange(len(made)) if people is None else np.asarray(people)
    return float(np.mean(who[distance.argmin(1)] == who))


def diversity(by_seed: Sequence[Curves], real: Curves) -> float:
    """Spread over seeds at each moment, over the spread of the real head in time; near 1 is right.

    0: one speech always gives one motion. Mean over pitch, yaw and roll.

    Args:
        by_seed: two or more `[shape=(T, 3 or 6)]` for one speech and person, of one length.
        real: `[shape=(T', 3 or 6)]`.

    Raises:
        ValueError: fewer than two.
    """
    if len(by_seed) < 2:
        raise ValueError("diversity needs the motions of two seeds or more")
    angles = np.stack([pose[:, ANGLES] for pose in by_seed])
    over_seeds = np.sqrt(angles.var(0, ddof=1).mean(0))
    return float(np.mean(over_seeds / np.maximum(real[:, ANGLES].std(0), TINY)))
