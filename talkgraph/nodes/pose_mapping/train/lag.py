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
            fresh.append(
                best_lag(heard, opening, target.measured, largest, MIN_GAIN, MIN_CORRELATION)
            )
        middle = int(np.median(fresh))
        fresh = [lag - middle for lag in fresh]
        if fresh == lags:
            break
        lags = fresh
    return lags


def best_lag(
    heard: NDArray[np.floating],
    seen: Floats,
    measured: NDArray[np.bool_],
    largest: int,
    min_gain: float,
    min_correlation: float,
) -> int:
    """Shift of `seen (T,)` against `heard (T,)` at which they correlate best, 0 where in doubt."""
    scores = {}
    for lag in range(-largest, largest + 1):
        kept = len(seen) - abs(lag)
        a = heard[max(-lag, 0) : max(-lag, 0) + kept]
        b = slice(max(lag, 0), max(lag, 0) + kept)
        scores[lag] = correlation(a[measured[b]], seen[b][measured[b]])
    lag = max(scores, key=lambda k: (scores[k], -abs(k)))
    if scores[lag] < max(scores[0] + min_gain, min_correlation) or abs(lag) == largest:
        return 0
    return lag


def correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Pearson's r of two series, 0 where one is constant."""
    if len(a) < 2 or a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


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
