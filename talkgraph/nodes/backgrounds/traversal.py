"""Which of the clip's frames lies behind each output frame (Yi et al. 2020, section 3.3).

Every keyframe gets the clip's frame whose pose is nearest, under the condition that the clip
never has to run faster than about real time from one keyframe to the next; between keyframes the
index is interpolated linearly. The public implementation searches each match around the previous
one; here the sum of all distances is minimised by dynamic programming, which cannot walk into a
corner of the clip that it has to leave again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.values import Bools, Ints

Curve = NDArray[np.float64]

BLOCK = 64  # keyframes whose costs are in memory at once, so that an hour of speech fits


def unbroken_runs(measured: Bools, max_gap: int) -> list[tuple[int, int]]:
    """Stretches `(start, stop)` of the clip where the face is missing `max_gap` frames at most.

    A background path must not lead through frames where the face was not seen. With no measured
    frame at all the whole clip is one stretch.
    """
    seen = np.flatnonzero(measured)
    if not len(seen):
        return [(0, len(measured))]
    breaks = np.flatnonzero(np.diff(seen) > max_gap + 1)
    starts = seen[np.concatenate(([0], breaks + 1))]
    stops = seen[np.concatenate((breaks, [len(seen) - 1]))] + 1
    return [(int(a), int(b)) for a, b in zip(starts, stops, strict=True)]


def nearest_frames(
    wanted: Curve, offered: Curve, penalty: Curve, reach: Ints
) -> tuple[Ints, float]:
    """Match each keyframe to a frame of the clip, with bounded steps.

    Args:
        wanted: features of the keyframes, `[shape=(K, D)]`; the distance is squared Euclidean.
        offered: features of the clip's frames, `[shape=(N, D)]`.
        penalty: added cost of every clip frame, `[shape=(N,)]`.
        reach: largest index step from keyframe k to k + 1, `[shape=(K - 1,), int64]`, >= 0.

    Returns:
        indices `[shape=(K,), int64]` in [0, N) and the mean cost. Deterministic: of equal paths
        the one with the lowest indices.
    """
    found: list[NDArray[np.int64]] = []
    total = 0.0
    start: int | None = None  # the match of the keyframe before this block
    for first in range(0, len(wanted), BLOCK):
        block = wanted[first : first + BLOCK]
        steps = reach[max(first - 1, 0) : first + len(block) - 1]
        path, cost = _shortest_path(_costs(block, offered) + penalty, steps, start)
        found.append(path)
        total += cost
        start = int(path[-1])
    return np.concatenate(found), total / len(wanted)


def _costs(wanted: Curve, offered: Curve) -> Curve:
    """Squared distances `[shape=(K, N)]`, summed feature by feature to bound the memory."""
    total = np.zeros((len(wanted), len(offered)))
    for want, offer in zip(wanted.T, offered.T, strict=True):
        total += np.subtract.outer(want, offer) ** 2
    return total


def _shortest_path(costs: Curve, reach: Ints, start: int | None) -> tuple[NDArray[np.int64], float]:
    """Viterbi's algorithm; `reach` has one more entry where the path continues from `start`."""
    from scipy.ndimage import minimum_filter1d

    frames = costs.shape[1]
    if start is None:
        inner = reach
    else:
        allowed = np.abs(np.arange(frames) - start) <= reach[0]
        costs = np.where(allowed | (np.arange(len(costs)) > 0)[:, None], costs, np.inf)
        inner = reach[1:]
    best = [costs[0]]
    for row, step in zip(costs[1:], inner, strict=True):
        size = 2 * min(int(step), frames - 1) + 1
        best.append(row + minimum_filter1d(best[-1], size, mode="nearest"))
    path = np.empty(len(costs), np.int64)
    path[-1] = int(np.argmin(best[-1]))
    for k in range(len(costs) - 2, -1, -1):
        low = max(0, path[k + 1] - int(inner[k]))
        high = path[k + 1] + int(inner[k]) + 1
        path[k] = low + int(np.argmin(best[k][low:high]))
    return path, float(best[-1][path[-1]])


def interpolated(keyframes: Ints, matches: Ints) -> tuple[Curve, Ints]:
    """Clip position of every output frame: linear between keyframes, exact and rounded half up.

    Rounded in whole numbers: with at most one clip frame per output frame the steps of the result
    are at most one, which rounding to even does not give.

    Returns:
        position `[shape=(T,), float64]` and index `[shape=(T,), int64]`, T = last keyframe + 1.
    """
    frames = np.arange(int(keyframes[-1]) + 1)
    if len(keyframes) == 1:
        index = np.full(len(frames), matches[0], np.int64)
        return index.astype(np.float64), index
    left = np.clip(np.searchsorted(keyframes, frames, side="right") - 1, 0, len(keyframes) - 2)
    gap = keyframes[left + 1] - keyframes[left]
    travel = (frames - keyframes[left]) * (matches[left + 1] - matches[left])
    position = matches[left] + travel / gap
    index = matches[left] + (2 * travel + gap) // (2 * gap)
    return position, index.astype(np.int64)
