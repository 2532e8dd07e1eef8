"""Training of the flow on clips of many people, with folds by person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from talkgraph.nodes.head_motion.flow.facts import FlowFacts
from talkgraph.nodes.head_motion.train.corpus import (
    RESPONSE_LAGS,
    Example,
    corpus_facts,
    fit_response,
    target_of,
)
from talkgraph.nodes.head_motion.train.network import FlowSize, VelocityNetwork
from talkgraph.nodes.head_motion.train.onnx_file import write_flow
from talkgraph.nodes.head_motion.train.optimiser import Schedule, held_out_loss, optimise
from talkgraph.nodes.training.folds import person_folds
from talkgraph.nodes.values import OnnxModel

FEATURE = "speech_encoder"


@attrs.frozen(kw_only=True)
class FlowTraining:
    """Settings of the training.

    folds: persons are split into this many groups; each is scored by a flow that never saw it.
    feature_prior: frames' worth of the corpus' feature mean against a speech's own.
    min_seconds: shorter clips are left out: their spreads mean little.
    """

    size: FlowSize = attrs.Factory(FlowSize)
    schedule: Schedule = attrs.Factory(Schedule)
    folds: int = 3
    feature_prior: float = 50.0
    min_seconds: float = 4.0
    seed: int = 0


def usable(examples: Sequence[Example], settings: FlowTraining) -> list[Example]:
    """The examples that are long enough."""
    return [x for x in examples if len(x) >= settings.min_seconds * x.seen.fps]


@attrs.frozen(kw_only=True)
class ClipScore:
    """One clip, by a flow that never saw its person.

    pairs: how many pairs of frames it has.
    listens, deaf: the flow's loss, when it hears the speech and when it does not.
    """

    name: str
    person: str
    pairs: int
    listens: float
    deaf: float


@attrs.frozen(kw_only=True)
class FoldScore:
    """One group of people, by a flow that never saw them."""

    of_clips: tuple[ClipScore, ...]

    @property
    def clips(self) -> int:
        """How many clips."""
        return len(self.of_clips)

    @property
    def people(self) -> int:
        """How many people."""
        return len({one.person for one in self.of_clips})

    @property
    def listens(self) -> float:
        """The loss of a flow that hears the speech, every pair of frames alike."""
        return mean_loss(self.of_clips)

    @property
    def deaf(self) -> float:
        """The loss of a flow that does not."""
        return float(
            np.average([x.deaf for x in self.of_clips], weights=[x.pairs for x in self.of_clips])
        )


def mean_loss(clips: Sequence[ClipScore]) -> float:
    """The loss when the speech is heard, every pair of frames alike."""
    return float(np.average([x.listens for x in clips], weights=[x.pairs for x in clips]))


def cross_validate(
    examples: Sequence[Example],
    settings: FlowTraining,
    folder: Path,
    report: Callable[[int, float], None] | None = None,
    keep: Callable[[set[str], OnnxModel], None] = lambda people, flow: None,
    share: float = 1.0,
) -> list[FoldScore]:
    """Score every group of people by a flow that was trained on the others.

    Args:
        folder: where the flows are written.
        keep: called with the people of each group and the flow that never saw them.
        share: of the other people that are trained on, for a learning curve.
    """
    scores = []
    groups = person_folds(examples, settings.folds, settings.seed) if settings.folds > 1 else []
    for number, group in enumerate(groups):
        mine = [x for x in examples if x.person in group]
        people = sorted({x.person for x in examples} - group)
        count = max(1, round(share * len(people)))
        kept = set(np.random.default_rng(settings.seed).permutation(people)[:count])
        others = [x for x in examples if x.person in kept]
        path = folder / f"fold_{number}.onnx"
        flow, of_clips = train_flow(others, path, settings=settings, held_out=mine, report=report)
        keep(group, flow)
        scores.append(FoldScore(of_clips=tuple(of_clips)))
    return scores


def report_of(scores: Sequence[FoldScore]) -> dict[str, Any]:
    """A row for every clip, and the person whose motion is foreseen least."""
    rows = [one for score in scores for one in score.of_clips]
    people: dict[str, list[ClipScore]] = {}
    for one in rows:
        people.setdefault(one.person, []).append(one)
    losses = {person: mean_loss(clips) for person, clips in people.items()}
    worst = max(losses, key=lambda person: losses[person], default=None)
    return {
        "worst": None if worst is None else {"person": worst, "loss": losses[worst]},
        "scores": [attrs.asdict(one) for one in sorted(rows, key=lambda one: one.name)],
    }


def train_flow(
    examples: Sequence[Example],
    path: Path,
    *,
    settings: FlowTraining,
    held_out: Sequence[Example] = (),
    licence: str = "",
    card: str = "",
    report: Callable[[int, float], None] | None = None,
) -> tuple[OnnxModel, list[ClipScore]]:
    """Train a flow on all of `examples` and write it to `path` as ONNX.

    Returns:
        the flow, and how well it does on each clip of `held_out`.
    """
    facts = corpus_facts(
        examples, components=settings.size.components, prior=settings.feature_prior
    )
    targets = [target_of(example, facts) for example in examples]
    torch.manual_seed(settings.seed)
    network = VelocityNetwork(settings.size, bins=len(facts.projection))
    network.projection.copy_(torch.from_numpy(facts.projection))
    optimise(network, targets, settings.schedule, seed=settings.seed, report=report)
    scores = []
    for example in held_out:
        target = target_of(example, facts)
        scores.append(
            ClipScore(
                name=example.name,
                person=example.person,
                pairs=len(target),
                listens=held_out_loss(network, [target], listens=True),
                deaf=held_out_loss(network, [target], listens=False),
            )
        )
    text = FlowFacts(
        fps=examples[0].seen.fps,
        feature=FEATURE,
        feature_mean=facts.feature_mean,
        feature_prior=facts.feature_prior,
        code_mean=facts.code_mean,
        code_std=facts.code_std,
        response=fit_response(examples, targets, facts.projection),
        response_lags=RESPONSE_LAGS,
        manners=facts.manners,
        licence=licence,
        card=card,
    )
    return write_flow(network, text, path), scores
