"""Training of a general mapping on the speech and tracked faces of many people (section 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol

import attrs

from talkgraph.nodes.pose_mapping.train.corpus import Example
from talkgraph.nodes.pose_mapping.train.folds import Trained, cross_validate, person_groups
from talkgraph.nodes.pose_mapping.train.score import Score, mean_score
from talkgraph.nodes.training.descent import Report
from talkgraph.nodes.values import OnnxModel


class Training(Protocol):
    """The settings of a kind of mapping, and how it is trained by them."""

    def train(self, examples: list[Example], report: Report | None = None) -> Trained:
        """Train on clips whose picture is in time with their sound."""


@attrs.frozen(kw_only=True)
class Figures:
    """What the cross-validation found.

    scores: of every clip, by a network that never saw its person.
    curve: share of the other people that were learned from -> mean scores of reliable clips.
    parameters: of the network.
    """

    scores: list[Score]
    curve: dict[float, dict[str, float]]
    parameters: int


def train_general(
    examples: list[Example],
    path: Path,
    training: Training,
    *,
    lags: list[int],
    folds: int,
    shares: tuple[float, ...] = (),
    seed: int = 0,
    licence: str = "",
    card: Callable[[Figures], str] = lambda figures: "",
    report: Report | None = None,
) -> tuple[OnnxModel, Figures]:
    """Train a general mapping and write it to `path` as ONNX.

    Figures come from cross-validation by person; the network that is written has seen all persons.

    Args:
        lags: frames by which each clip's picture is late.
        folds: persons are split into this many groups.
        shares: of the people, for the learning curve.
        card: makes the model card's text from the figures.

    Raises:
        InputError: too few persons.
    """
    groups = person_groups(examples, folds, seed)

    by_share = {
        share: cross_validate(
            examples, training.train, lags=lags, groups=groups, share=share, seed=seed
        )
        for share in (*shares, 1.0)
    }
    reliable = {example.name for example in examples if example.reliable}
    aligned = [example.shifted(lag) for example, lag in zip(examples, lags, strict=True)]
    made = training.train([x for x in aligned if x.reliable], report)
    figures = Figures(
        scores=by_share[1.0],
        curve={
            share: mean_score([entry for entry in scores if entry.name in reliable])
            for share, scores in by_share.items()
        },
        parameters=sum(p.numel() for p in made.network.parameters()),
    )
    return made.write(path, licence=licence, card=card(figures)), figures


def report_of(figures: Figures, reliable: Collection[str]) -> dict[str, Any]:
    """The learning curve, every clip's row, and the person whose lips are followed least.

    Args:
        reliable: names of the clips that were learned from; the others are no worst.
    """
    people: dict[str, list[Score]] = {}
    for entry in figures.scores:
        if entry.name in reliable:
            people.setdefault(entry.person, []).append(entry)
    means = {person: mean_score(entries)["opening"] for person, entries in people.items()}
    worst = min(means, key=lambda person: means[person])
    return {
        "curve": {f"{share:g}": mean for share, mean in figures.curve.items()},
        "worst": {"person": worst, "opening": means[worst]},
        "scores": [
            {**attrs.asdict(entry), "learned": entry.name in reliable} for entry in figures.scores
        ],
    }
