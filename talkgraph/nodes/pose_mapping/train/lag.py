"""How late each clip's picture is against its sound.

Found clips are often off by a constant few frames, and a mapping trained on them learns a blur. A
linear model from features to lip opening, fitted on the *other* persons' clips, tells for each
clip at which shift sound and lips agree best; the clips are shifted and the model fitted again.
Only differences between clips can be known in this way: the median clip is taken to be in time.
Features of a speech encoder tell it most sharply.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Example, Target, corpus_facts, target_of
from talkgraph.nodes.signals import best_lag, correlation
from talkgraph.nodes.values import Floats

LARGEST = 8  # biggest lag looked for, frames
MIN_GAIN = 0.04  # a lag is believed if it raises the correlation by this much over no lag, ...
MIN_CORRELATION = 0.25  # ... to at least this much
POOLED_ROWS = 4  # feature rows averaged into one before the linear fit: 28 rows become 7
RIDGE = 0.05  # of the linear fit, as a share of the mean of its normal matrix's diagonal


@attrs.frozen
class InTime:
    """What is known of one clip's time.

    lag: frames by which the picture is late.
    agreement: correlation of the lips with what the linear model hears, at that lag.
    """

    lag: int
    agreement: float


def clips_in_time(examples: list[Example], feature: str, readout: Readout) -> list[InTime]:
    """`estimate_lags` in the units of the clips themselves."""
    rows, bins = examples[0].features.shape[1:]
    facts = corpus_facts(
        examples, feature=feature, readout=readout, size={"rows": rows, "bins": bins}
    )
    return estimate_lags(examples, facts)


def estimate_lags(
    examples: list[Example], facts: MappingFacts, *, largest: int = LARGEST, rounds: int = 4
) -> list[InTime]:
    """Lag of each clip.

    Args:
        largest: biggest lag looked for, frames.
        rounds: times that the model is fitted again to the shifted clips.
    """
    targets = [target_of(example, facts) for example in examples]
    found = [InTime(0, 0.0)] * len(examples)
    if len({example.person for example in examples}) < 2:
        return found
    for _ in range(rounds):
        heard = _heard_by_others(examples, [one.lag for one in found], facts)
        fresh = [
            _in_time(x, facts.readout.of(target.example.expression)[:, 0], target.measured, largest)
            for x, target in zip(heard, targets, strict=True)
        ]
        middle = int(np.median([one.lag for one in fresh]))
        fresh = [attrs.evolve(one, lag=one.lag - middle) for one in fresh]
        if [one.lag for one in fresh] == [one.lag for one in found]:
            return fresh
        found = fresh
    return found


def believed_lag(
    heard: NDArray[np.floating], seen: Floats, measured: NDArray[np.bool_], largest: int
) -> int:
    """Lag of `seen [shape=(T,)]` behind `heard [shape=(T,)]` in frames; 0 where it is in doubt.

    Frames of `seen` that are not `measured` do not count. A lag of `largest` is no maximum, and
    so is in doubt.
    """
    return _in_time(heard, seen, measured, largest).lag


def say_lag(lag: int) -> str:
    """A lag that is not 0 in words."""
    late = "picture" if lag > 0 else "sound"
    return f"the clip's {late} is {abs(lag)} frame{'s' * (abs(lag) > 1)} late"


def _in_time(
    heard: NDArray[np.floating], seen: Floats, measured: NDArray[np.bool_], largest: int
) -> InTime:
    without = correlation(seen[measured], heard[measured])
    if len(seen) <= largest + 2:
        return InTime(0, without)
    lag, height = best_lag(seen, heard, largest, measured)
    if abs(lag) == largest or height < max(without + MIN_GAIN, MIN_CORRELATION):
        return InTime(0, without)
    return InTime(lag, height)


def _heard_by_others(
    examples: list[Example], lags: list[int], facts: MappingFacts
) -> list[NDArray[np.float64]]:
    """The opening that a linear model of the other persons hears in each clip, `(T,)`."""
    sums: dict[str, NDArray[np.float64]] = {}
    for example, lag in zip(examples, lags, strict=True):
        mine = _sums(target_of(example.shifted(lag), facts), facts)
        sums[example.person] = sums.get(example.person, 0.0) + mine
    total = np.sum(list(sums.values()), axis=0)
    weights = {person: _solve(total - own) for person, own in sums.items()}
    return [_pooled(target_of(x, facts)) @ weights[x.person] for x in examples]


def _pooled(target: Target) -> NDArray[np.float64]:
    x = target.features
    pooled = min(POOLED_ROWS, x.shape[1])
    rows = x.shape[1] // pooled * pooled
    x = x[:, :rows].reshape(len(x), -1, pooled, x.shape[2]).mean(2)
    flat = x.reshape(len(x), -1).astype(np.float64)
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)


def _sums(target: Target, facts: MappingFacts) -> NDArray[np.float64]:
    """Normal matrix and, as its last column, right-hand side of the fit to one clip."""
    x = _pooled(target)[target.measured]
    y = facts.readout.of(target.expression * facts.expression_std)[target.measured, 0]
    y = y / max(float(y.std()), 1e-9)
    return np.asarray(x.T @ np.concatenate([x, y[:, None]], axis=1))


def _solve(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    square, right = sums[:, :-1], sums[:, -1]
    ridge = RIDGE * np.trace(square) / len(square)
    return np.asarray(np.linalg.solve(square + ridge * np.eye(len(square)), right))
