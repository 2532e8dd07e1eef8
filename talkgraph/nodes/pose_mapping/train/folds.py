"""Figures on people that a network never saw: cross-validation by person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from torch import nn

from talkgraph.errors import InputError
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Example, Target, target_of
from talkgraph.nodes.pose_mapping.train.score import Score, score
from talkgraph.nodes.training.folds import person_folds
from talkgraph.nodes.values import Floats, OnnxModel


class Trained(Protocol):
    """A trained mapping of either kind."""

    @property
    def network(self) -> nn.Module:
        """The network."""

    @property
    def facts(self) -> MappingFacts:
        """What its file will say."""

    def predict(self, target: Target) -> Floats:
        """Normalised expression `[shape=(T, 64)]` of a clip."""

    def write(self, path: Path, *, licence: str, card: str) -> OnnxModel:
        """The mapping as an ONNX file."""


def person_groups(examples: list[Example], folds: int, seed: int) -> list[set[str]]:
    """The groups of `person_folds`; InputError where there are fewer persons."""
    people = {example.person for example in examples}
    if len(people) < folds:
        raise InputError(
            f"{len(people)} persons cannot be split into {folds} groups; give more clips or fewer "
            "folds"
        )
    return person_folds(examples, folds, seed)


def cross_validate(
    examples: list[Example],
    train: Callable[[list[Example]], Trained],
    *,
    lags: list[int],
    groups: list[set[str]],
    share: float = 1.0,
    seed: int = 0,
) -> list[Score]:
    """Score every clip by a network that was trained without its person.

    Args:
        train: trains on clips whose picture is in time with their sound. Those that are not
            `reliable` are scored only.
        lags: by how many frames each clip's picture is late; the training undoes it, the score
            does not.
        groups: of `person_groups`.
        share: of the other people that are trained on, for a learning curve.
    """
    scores = []
    for group in groups:
        others = sorted({x.person for x in examples if x.reliable} - group)
        count = max(1, round(share * len(others)))
        kept = set(np.random.default_rng(seed).permutation(others)[:count])
        pairs = zip(examples, lags, strict=True)
        trained = train([x.shifted(lag) for x, lag in pairs if x.person in kept and x.reliable])
        for example in (x for x in examples if x.person in group):
            target = target_of(example, trained.facts)
            scores.append(score(target, trained.predict(target), trained.facts))
    return sorted(scores, key=lambda entry: entry.name)
