"""How late each clip's picture is against its sound.

Found clips are often off by a constant few frames, and a mapping trained on them learns a blur. A
linear model from features to lip opening, fitted on the *other* persons' clips, tells for each
clip at which shift sound and lips agree best; the clips are shifted and the model fitted again.
Only differences between clips can be known in this way: the median clip is taken to be in time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Example, Target, target_of
from talkgraph.nodes.signals import best_lag, correlation
from talkgraph.nodes.values import Floats

MIN_GAIN = 0.04  # a lag is believed if it raises the correlation by this much over no lag, ...
MIN_CORRELATION = 0.25  # ... to at least this much
POOLED_ROWS = 4  # feature rows averaged into one before the linear fit: 28 rows become 7


def estimate_lags(
    examples: list[Example],
    facts: MappingFacts,
    *,
    largest: int = 6,
    rounds: int = 4,
) -> list[int]:
    """Lag of each clip in frames; positive: the picture is late.

    Args:
        largest: biggest lag looked for.
        rounds: times that the model is fitted again to the shifted clips.
    """
    targets = [target_of(example, facts) for example in examples]
    lags = [0] * len(examples)
    for _ in range(rounds):
        shifted = [
            target_of(example.shifted(lag), facts)
            for example, lag in zip(examples, lags, strict=True)
        ]
        sums = [_sums(target, facts) for target in shifted]
        fresh = []
        for target in targets:
            others = [
                s
                for s, other in zip(sums, examples, strict=True)
                if other.person != target.example.person
            ]
            if not others:
                return lags
            weights = _solve(others)
            heard = _pooled(target) @ weights
            opening = facts.readout.of(target.example.expression)[:, 0]
            fresh.append(believed_lag(heard, opening, target.measured, largest))
        middle = int(np.median(fresh))
        fresh = [lag - middle for lag in fresh]
        if fresh == lags:
            break
        lags = fresh
    return lags


def believed_lag(
    heard: NDArray[np.floating], seen: Floats, measured: NDArray[np.bool_], largest: int
) -> int:
    """Lag of `seen [shape=(T,)]` behind `heard [shape=(T,)]` in frames; 0 where it is in doubt.

    Frames of `seen` that are not `measured` do not count. A lag of `largest` is no maximum, and
    so is in doubt.
    """
    if len(seen) <= largest + 2:
        return 0
    lag, height = best_lag(seen, heard, largest, measured)
    without = correlation(seen[measured], heard[measured])
    if abs(lag) == largest or height < max(without + MIN_GAIN, MIN_CORRELATION):
        return 0
    return lag


def _pooled(target: Target) -> NDArray[np.float64]:
    x = target.features
    rows = x.shape[1] // POOLED_ROWS * POOLED_ROWS
    x = x[:, :rows].reshape(len(x), -1, POOLED_ROWS, x.shape[2]).mean(2)
    flat = x.reshape(len(x), -1).astype(np.float64)
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)


def _sums(target: Target, facts: MappingFacts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = _pooled(target)[target.measured]
    y = facts.readout.of(target.expression * facts.expression_std)[target.measured, 0]
    y = y / max(float(y.std()), 1e-9)
    return x.T @ x, x.T @ y


def _solve(sums: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    square = np.sum([s for s, _ in sums], axis=0)
    right = np.sum([r for _, r in sums], axis=0)
    ridge = 0.05 * np.trace(square) / len(square)
    return np.asarray(np.linalg.solve(square + ridge * np.eye(len(square)), right))
