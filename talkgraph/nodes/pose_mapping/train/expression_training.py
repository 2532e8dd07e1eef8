"""Training of the mapping to expression by the loss of `expression_loss`."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.expression_file import write_expression_mapping
from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.face_spread import FaceSpread
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import IDENTITY, Example, Target, target_of
from talkgraph.nodes.pose_mapping.train.expression_loss import ExpressionWeights, expression_loss
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule, optimise
from talkgraph.nodes.pose_mapping.train.sequences import Batch, Sequences, Variation
from talkgraph.nodes.pose_mapping.train.spread import expression_facts, gain_of, in_own_spread
from talkgraph.nodes.training.descent import Report
from talkgraph.nodes.values import Floats, OnnxModel

Loss = Callable[[Tensor, Batch], Tensor]
"""Of the normalised expression `[shape=(B, T, 64)]` that a network made for a batch."""


@attrs.frozen(kw_only=True, eq=False)
class ExpressionTraining:
    """Settings of the general training.

    feature: id of the node that made the features, `speech_encoder`.
    own_spread: learn how mouths move from every clip in its own spread, and how far from the face.
    feature_prior: frames' worth of the corpus' feature statistics against a speech's own. These
        hidden states say as much about speech in the scale of the corpus as in the speech's own,
        which would make every frame depend on the whole of the speech.
    """

    feature: str
    readout: Readout
    size: ExpressionSize = attrs.Factory(ExpressionSize)
    schedule: Schedule = attrs.Factory(Schedule)
    variation: Variation = attrs.Factory(Variation)
    weights: ExpressionWeights = attrs.Factory(ExpressionWeights)
    own_spread: bool = True
    feature_prior: float = math.inf
    seed: int = 0

    def train(self, examples: list[Example], report: Report | None = None) -> TrainedExpression:
        """Train on clips whose picture is in time with their sound."""
        facts = expression_facts(
            examples,
            feature=self.feature,
            readout=self.readout,
            size=attrs.asdict(self.size),
            prior=self.feature_prior,
        )
        if self.own_spread:
            examples = [in_own_spread(example, facts) for example in examples]
        else:
            facts = attrs.evolve(facts, spread=FaceSpread.told(len(facts.readout.names), IDENTITY))
        torch.manual_seed(self.seed)
        network = train_expression(
            ExpressionNetwork(self.size),
            [target_of(example, facts) for example in examples],
            self.loss(facts), self.schedule,
            variation=self.variation, seed=self.seed, report=report,
        )  # fmt: skip
        return TrainedExpression(network, facts)

    def loss(self, facts: MappingFacts) -> Loss:
        """What is made small."""
        return loss_of_mouth(facts, self.weights)


@attrs.frozen(eq=False)
class TrainedExpression:
    """The network and its facts."""

    network: ExpressionNetwork
    facts: ExpressionFacts

    def predict(self, target: Target) -> Floats:
        """Normalised expression `[shape=(T, 64)]`, of the spread that the face tells."""
        return self.network.predict(target.features) * gain_of(target.example, self.facts)

    def write(self, path: Path, *, licence: str, card: str) -> OnnxModel:
        """The mapping as an ONNX file."""
        facts = attrs.evolve(self.facts, licence=licence, card=card)
        return write_expression_mapping(self.network, facts, path)


def loss_of_mouth(facts: MappingFacts, weights: ExpressionWeights) -> Loss:
    """`expression_loss` in the units of a mapping."""
    mouth = torch.from_numpy(facts.mouth_of_normalised)

    def loss(made: Tensor, batch: Batch) -> Tensor:
        return expression_loss(
            made, batch.expression, weights,
            measured=batch.measured, mouth=mouth, closed=batch.closed,
        )  # fmt: skip

    return loss


def train_expression(
    network: ExpressionNetwork,
    targets: list[Target],
    loss: Loss,
    schedule: Schedule,
    *,
    variation: Variation,
    seed: int,
    report: Report | None = None,
) -> ExpressionNetwork:
    """Train `network` in place on `targets`; see `optimise`."""
    sequences = Sequences(targets, variation)

    def loss_of_batch(random: np.random.Generator) -> Tensor:
        batch = sequences.draw(random)
        return loss(network(batch.features), batch)

    return optimise(network, loss_of_batch, schedule, seed=seed, report=report)
