"""Training of the general mapping on the speech and tracked faces of many people (section 4.1)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import torch

from talkgraph.errors import InputError
from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.pose_mapping.onnx_file import write_mapping
from talkgraph.nodes.pose_mapping.train.corpus import Example, corpus_facts, target_of
from talkgraph.nodes.pose_mapping.train.lag import estimate_lags
from talkgraph.nodes.pose_mapping.train.loss import LossWeights
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule, optimise, predict_target
from talkgraph.nodes.pose_mapping.train.score import Score, score
from talkgraph.nodes.values import OnnxModel


@attrs.frozen(kw_only=True)
class GeneralTraining:
    """Settings of the general training.

    size: of the network; `paper_size()` for the paper's, which needs a corpus of its size too.
    schedule, pretraining: of the training, and of that on synthetic speech before it, if any.
    weights: of the loss. The mouth terms, which eq. (2) does not have, are on but small.
    folds: persons are split into this many groups; each is scored by a net that never saw it.
    feature_prior: frames' worth of the corpus' feature statistics against a speech's own.
    """

    size: MappingSize = attrs.Factory(MappingSize)
    schedule: Schedule = attrs.Factory(Schedule)
    pretraining: Schedule = attrs.Factory(Schedule)
    weights: LossWeights = attrs.Factory(lambda: LossWeights(mouth=0.5, closure=0.2))
    folds: int = 4
    feature_prior: float = 50.0
    seed: int = 0


def find_lags(examples: list[Example], readout: Readout, feature: str, prior: float) -> list[int]:
    """Lag of every clip in frames, see `lag.py`; log mel features tell it best."""
    return estimate_lags(examples, raw_facts(examples, readout, feature, prior))


def raw_facts(
    examples: list[Example], readout: Readout, feature: str, prior: float
) -> MappingFacts:
    """Statistics of a corpus before a network is chosen."""
    size = MappingSize(rows=examples[0].features.shape[1], bins=examples[0].features.shape[2])
    return corpus_facts(examples, feature=feature, readout=readout, size=size, prior=prior)


def person_folds(examples: list[Example], folds: int, seed: int) -> list[set[str]]:
    """Split persons into groups of about equally many frames."""
    frames: dict[str, int] = {}
    for example in examples:
        frames[example.person] = frames.get(example.person, 0) + len(example)
    if len(frames) < folds:
        raise InputError(
            f"{len(frames)} persons cannot be split into {folds} groups; give more clips or fewer "
            "folds"
        )
    order = np.random.default_rng(seed).permutation(sorted(frames))
    groups: list[set[str]] = [set() for _ in range(folds)]
    for person in sorted(order, key=lambda name: -frames[str(name)]):
        smallest = min(groups, key=lambda group: sum(frames[name] for name in group))
        smallest.add(str(person))
    return groups


def train_network(
    examples: list[Example],
    feature: str,
    readout: Readout,
    settings: GeneralTraining,
    report: Callable[[int, float], None] | None = None,
    start: MappingNetwork | None = None,
) -> tuple[MappingNetwork, MappingFacts]:
    """Train on all of `examples` (aligned), from random weights or those of `start`."""
    facts = corpus_facts(
        examples,
        feature=feature,
        readout=readout,
        size=settings.size,
        prior=settings.feature_prior,
    )
    if start is None:
        torch.manual_seed(settings.seed)
        network = MappingNetwork(settings.size)
    else:
        network = copy.deepcopy(start)
    targets = [target_of(example, facts) for example in examples]
    optimise(
        network, targets, facts, settings.schedule, settings.weights,
        seed=settings.seed, report=report,
    )  # fmt: skip
    return network, facts


def pretrain(
    synthetic: list[Example],
    examples: list[Example],
    feature: str,
    readout: Readout,
    settings: GeneralTraining,
    report: Callable[[int, float], None] | None = None,
) -> MappingNetwork:
    """Train on synthetic speech alone, in the units of `examples`.

    The net learns to hear phones whoever speaks; the few real clips then teach it faces.
    """
    facts = corpus_facts(
        examples,
        feature=feature,
        readout=readout,
        size=settings.size,
        prior=settings.feature_prior,
    )
    torch.manual_seed(settings.seed)
    network = MappingNetwork(settings.size)
    targets = [target_of(example, facts) for example in synthetic]
    return optimise(
        network, targets, facts, settings.pretraining, settings.weights,
        seed=settings.seed, report=report,
    )  # fmt: skip


def cross_validate(
    examples: list[Example],
    feature: str,
    readout: Readout,
    settings: GeneralTraining,
    start: MappingNetwork | None = None,
) -> list[Score]:
    """Score every clip by a network that was trained without its person."""
    scores = []
    for group in person_folds(examples, settings.folds, settings.seed):
        others = [x for x in examples if x.person not in group]
        network, facts = train_network(others, feature, readout, settings, start=start)
        for example in (x for x in examples if x.person in group):
            target = target_of(example, facts)
            scores.append(score(target, *predict_target(network, target), facts))
    return sorted(scores, key=lambda entry: entry.name)


def train_general(
    examples: list[Example],
    path: Path,
    *,
    feature: str,
    readout: Readout,
    settings: GeneralTraining | None = None,
    licence: str = "",
    card: Callable[[list[Score]], str] = lambda scores: "",
    synthetic: list[Example] | None = None,
    lags: list[int] | None = None,
    report: Callable[[int, float], None] | None = None,
) -> tuple[OnnxModel, list[Score]]:
    """Train the general mapping and write it to `path` as ONNX.

    Clips are aligned, figures come from cross-validation by person, and the network that is written
    has seen all persons.

    Args:
        feature: id of the node that made the features, `mfcc` or `log_mel`.
        lags: frames by which each clip's picture is late; None: they are estimated.
        synthetic: examples to train on before (`synthetic_examples`); they decide no figure.
        card: makes the model card's text from the figures.

    Raises:
        InputError: too few persons.
    """
    settings = settings or GeneralTraining()
    rows, bins = examples[0].features.shape[1:]
    settings = attrs.evolve(settings, size=attrs.evolve(settings.size, rows=rows, bins=bins))
    if lags is None:
        lags = find_lags(examples, readout, feature, settings.feature_prior)
    aligned = [example.shifted(lag) for example, lag in zip(examples, lags, strict=True)]
    start = None
    if synthetic:
        start = pretrain(synthetic, aligned, feature, readout, settings, report)
    scores = cross_validate(aligned, feature, readout, settings, start)
    network, facts = train_network(aligned, feature, readout, settings, report, start)
    facts = attrs.evolve(facts, licence=licence, card=card(scores))
    return write_mapping(network, facts, path), scores
