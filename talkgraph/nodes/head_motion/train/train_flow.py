"""Training of the flow on clips of many people, with folds by person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
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
class FoldScore:
    """One group of people, by a flow that never saw them.

    clips, people: how many.
    listens, deaf: the flow's loss on them, when it hears the speech and when it does not.
    """

    clips: int
    people: int
    listens: float
    deaf: float


def cross_validate(
    examples: Sequence[Example],
    settings: FlowTraining,
    folder: Path,
    report: Callable[[int, float], None] | None = None,
    keep: Callable[[set[str], OnnxModel], None] = lambda people, flow: None,
) -> list[FoldScore]:
    """Score every group of people by a flow that was trained on the others.

    Args:
        folder: where the flows are written.
        keep: called with the people of each group and the flow that never saw them.
    """
    scores = []
    groups = person_folds(examples, settings.folds, settings.seed) if settings.folds > 1 else []
    for number, group in enumerate(groups):
        mine = [x for x in examples if x.person in group]
        others = [x for x in examples if x.person not in group]
        path = folder / f"fold_{number}.onnx"
        flow, losses = train_flow(others, path, settings=settings, held_out=mine, report=report)
        keep(group, flow)
        scores.append(FoldScore(clips=len(mine), people=len(group), **losses))
    return scores


def train_flow(
    examples: Sequence[Example],
    path: Path,
    *,
    settings: FlowTraining,
    held_out: Sequence[Example] = (),
    licence: str = "",
    card: str = "",
    report: Callable[[int, float], None] | None = None,
) -> tuple[OnnxModel, dict[str, float]]:
    """Train a flow on all of `examples` and write it to `path` as ONNX.

    Returns:
        the flow, and its loss on `held_out` when it `listens` and when it is `deaf` to the speech.
    """
    facts = corpus_facts(
        examples, components=settings.size.components, prior=settings.feature_prior
    )
    targets = [target_of(example, facts) for example in examples]
    torch.manual_seed(settings.seed)
    network = VelocityNetwork(settings.size, bins=len(facts.projection))
    network.projection.copy_(torch.from_numpy(facts.projection))
    optimise(network, targets, settings.schedule, seed=settings.seed, report=report)
    losses = {}
    if held_out:
        others = [target_of(example, facts) for example in held_out]
        losses = {
            "listens": held_out_loss(network, others, listens=True),
            "deaf": held_out_loss(network, others, listens=False),
        }
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
    return write_flow(network, text, path), losses
