"""Which frames to take colours from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.values import Floats, Ints

TURN = 0.1  # rad of head rotation that count as much as one standard deviation of expression
COVERED = 0.02  # share of the face behind something that counts likewise
GAP = 3  # frames between two that are chosen, so that they differ


def plainness(
    expression: Floats,
    rotation: Floats,
    error: Floats,
    measured: NDArray[np.bool_],
    hidden: Floats,
) -> NDArray[np.float64]:
    """How neutral and frontal each frame is; smaller is better (Yi et al. 2020, section 3.3).

    The root mean square of the expression, relative to the clip's median expression and in units
    of its spread, plus the rotation from frontal in units of `TURN`. The clip's median stands for
    neutral because a speaker's face at rest is not the mean of all people's. Frames without
    measured landmarks, and frames that fit far worse than most, come last.

    Args:
        expression: `[shape=(T, 64)]`.   rotation: `[shape=(T, 3)]`, rad.
        error: `[shape=(T,)]`, px.   measured: `[shape=(T,)]`.
        hidden: `[shape=(T,)]`, share of the face that is covered, in units of `COVERED`.
    """
    away = expression.astype(np.float64) - np.median(expression, axis=0)
    neutral = np.sqrt((away**2).mean(axis=1))
    turned = np.linalg.norm(rotation, axis=1) / TURN
    bad = ~measured | (error > 2 * np.median(error) + 0.5)
    score: NDArray[np.float64] = neutral + turned + hidden / COVERED + 1e3 * bad
    return score


def best_frames(score: NDArray[np.float64], count: int) -> Ints:
    """The `count` frames of smallest score, at least `GAP` apart as far as there are enough.

    Returns:
        `[shape=(<=count,), int64]`, best first.
    """
    order = np.argsort(score, kind="stable")
    chosen: list[int] = []
    for k in order:
        if len(chosen) == count:
            break
        if all(abs(k - other) >= GAP for other in chosen):
            chosen.append(int(k))
    for k in order:  # a short clip: neighbours too
        if len(chosen) == min(count, len(order)):
            break
        if int(k) not in chosen:
            chosen.append(int(k))
    return np.array(chosen, np.int64)
