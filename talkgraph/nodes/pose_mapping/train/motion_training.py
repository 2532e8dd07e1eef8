"""Training of the mapping of eq. (1) by the loss of eq. (2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.facts import MotionFacts
from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.pose_mapping.onnx_file import write_mapping
from talkgraph.nodes.pose_mapping.train.corpus import Example, Target, motion_facts, target_of
from talkgraph.nodes.pose_mapping.train.loss import LossWeights, mapping_loss
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule, optimise
from talkgraph.nodes.pose_mapping.train.sequences import Sequences, Variation
from talkgraph.nodes.training.descent import Report
from talkgraph.nodes.values import Floats, OnnxModel


@attrs.frozen(kw_only=True, eq=False)
class MotionTraining:
    """Settings of the general training.

    feature: id of the node that made the features, `mfcc` or `log_mel`.
    size: of the network; `paper_size()` for the paper's, which needs a corpus of its size too.
    weights: of the loss. The mouth terms, which eq. (2) does not have, are on but small.
    synthetic: clips to train on first, for the steps of `pretraining` (`synthetic_examples`): the
        net learns to hear phones whoever speaks; the few real clips then teach it faces.
    """

    feature: str
    readout: Readout
    size: MappingSize = attrs.Factory(MappingSize)
    schedule: Schedule = attrs.Factory(Schedule)
    pretraining: Schedule = attrs.Factory(Schedule)
    variation: Variation = attrs.Factory(Variation)
    weights: LossWeights = attrs.Factory(lambda: LossWeights(mouth=0.5, closure=0.2))
    synthetic: list[Example] = attrs.Factory(list)
    seed: int = 0

    def train(self, examples: list[Example], report: Report | None = None) -> TrainedMotion:
        """Train on clips whose picture is in time with their sound."""
        facts = motion_facts(
            examples,
            feature=self.feature,
            readout=self.readout,
            size=attrs.asdict(self.size),
        )
        torch.manual_seed(self.seed)
        network = MappingNetwork(self.size)
        for schedule, clips in ((self.pretraining, self.synthetic), (self.schedule, examples)):
            if clips:
                targets = [target_of(example, facts) for example in clips]
                network = train_motion(
                    network, targets, facts, schedule, self.weights,
                    variation=self.variation, seed=self.seed, report=report,
                )  # fmt: skip
        return TrainedMotion(network, facts)


@attrs.frozen(eq=False)
class TrainedMotion:
    """The network and its facts."""

    network: MappingNetwork
    facts: MotionFacts

    def predict(self, target: Target) -> Floats:
        """Normalised expression `[shape=(T, 64)]`."""
        return predict_motion(self.network, target)[0]

    def write(self, path: Path, *, licence: str, card: str) -> OnnxModel:
        """The mapping as an ONNX file."""
        facts = attrs.evolve(self.facts, licence=licence, card=card)
        return write_mapping(self.network, facts, path)


def train_motion(
    network: MappingNetwork,
    targets: list[Target],
    facts: MotionFacts,
    schedule: Schedule,
    weights: LossWeights,
    *,
    variation: Variation,
    seed: int,
    anchor: float = 0.0,
    report: Report | None = None,
) -> MappingNetwork:
    """Train `network` in place on `targets`; see `optimise`."""
    sequences = Sequences(targets, variation)
    mouth = torch.from_numpy(facts.mouth_of_normalised)
    pose_std = torch.from_numpy(facts.pose_std)

    def loss(random: np.random.Generator) -> Tensor:
        batch = sequences.draw(random)
        state = network.initial_state(len(batch.features))
        made, made_pose, _, _ = network(batch.features, *state)
        return mapping_loss(
            made, made_pose, batch.expression, batch.pose / pose_std, weights,
            measured=batch.measured, mouth=mouth, closed=batch.closed,
        )  # fmt: skip

    return optimise(network, loss, schedule, seed=seed, anchor=anchor, report=report)


@torch.no_grad()
def predict_motion(network: MappingNetwork, target: Target) -> tuple[NDArray[Any], NDArray[Any]]:
    """Normalised expression `(T, 64)` and pose `(T, 6)` for one clip, in one pass."""
    network.eval()
    features = torch.from_numpy(target.features)[None]
    expression, pose, _, _ = network(features, *network.initial_state(1))
    return expression[0].numpy(), pose[0].numpy()
