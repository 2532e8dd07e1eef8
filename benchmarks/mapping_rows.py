"""The rows of `mapping.py`: what the mapping hears, what it is trained by, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.nodes.face_model.face_model import LIP, FaceModel
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.network import MappingSize
from talkgraph.nodes.pose_mapping.train.corpus import FEATURE_PRIOR, Example
from talkgraph.nodes.pose_mapping.train.expression_loss import ExpressionWeights
from talkgraph.nodes.pose_mapping.train.expression_training import ExpressionTraining, Loss
from talkgraph.nodes.pose_mapping.train.general_training import Training
from talkgraph.nodes.pose_mapping.train.motion_training import MotionTraining
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.sequences import Batch
from talkgraph.nodes.values import Floats

SHIPPED = "tiny.en, block 2: shipped"


@attrs.frozen(kw_only=True)
class Row:
    """One line of the table.

    features: names of `mapping_features.FEATURES`, side by side.
    changes: of `ExpressionTraining`; ``size`` as fields of `ExpressionSize`.
    of_paper: eq. (1) and (2) of Yi et al. 2020 instead.
    lip_vertices: weight of the squared error of the lips' vertices, in their spread.
    copies: whether it learns from changed copies of the sound, too.
    """

    features: tuple[str, ...] = ("tiny.en 2",)
    changes: Mapping[str, Any] = attrs.Factory(dict)
    of_paper: bool = False
    lip_vertices: float = 0.0
    copies: bool = False

    def training(self, example: Example, model: FaceModel, seed: int, steps: int) -> Training:
        """The settings, for clips that are heard like `example`."""
        rows, bins = example.features.shape[1:]
        told: dict[str, Any] = {
            "feature": "speech_encoder",
            "readout": mouth_readout(model),
            "schedule": Schedule(steps=steps),
            "seed": seed,
        }
        if self.of_paper:
            return MotionTraining(size=MappingSize(rows=rows, bins=bins), **told)
        changes = dict(self.changes)
        told["size"] = ExpressionSize(rows=rows, bins=bins, **changes.pop("size", {}))
        if self.lip_vertices:
            return LipTraining(lips=lips_of(model), lip_weight=self.lip_vertices, **told, **changes)
        return ExpressionTraining(**told, **changes)


@attrs.frozen(kw_only=True, eq=False)
class LipTraining(ExpressionTraining):
    """With the squared error of the lips' vertices.

    lips: `[shape=(n, 64)]`, a root of what the vertices' squared distance is of coefficients.
    """

    lips: Floats
    lip_weight: float

    def loss(self, facts: MappingFacts) -> Loss:
        """`expression_loss`, and that of the vertices in units of their own spread."""
        plain = super().loss(facts)
        lips = torch.from_numpy(np.asarray(self.lips * facts.expression_std, np.float32))

        def loss(made: Tensor, batch: Batch) -> Tensor:
            seen = batch.measured
            moved = (batch.expression @ lips.T)[seen > 0].var(0, correction=0).sum()
            error = (((made - batch.expression) @ lips.T) ** 2).sum(-1)
            mean = (error * seen).sum() / seen.sum().clamp(min=1.0)
            return plain(made, batch) + self.lip_weight * mean / moved.clamp(min=1e-9)

        return loss


def lips_of(model: FaceModel) -> Floats:
    """Rows whose squared products with a change of expression sum to that of the lips' vertices.

    `[shape=(64, 64), float32]`, by a QR decomposition of the lips' rows of the basis.
    """
    basis = model.expression_basis[model.region == LIP].reshape(-1, model.expression_basis.shape[2])
    return np.asarray(np.linalg.qr(basis.astype(np.float64), mode="r"), np.float32)


def weighted(**changes: float) -> dict[str, Any]:
    """Other weights of the loss."""
    return {"weights": ExpressionWeights(**changes)}


ROWS: dict[str, Row] = {
    "MFCC, eq. (1) and (2)": Row(features=("mfcc",), of_paper=True),
    "MFCC": Row(features=("mfcc",)),
    "tiny.en, block 1": Row(features=("tiny.en 1",)),
    SHIPPED: Row(),
    "tiny.en, last block": Row(features=("tiny.en 4",)),
    "tiny.en, blocks 1 and 2": Row(features=("tiny.en 1", "tiny.en 2")),
    "tiny.en, block 2, every 20 ms": Row(features=("tiny.en 2, 20 ms",)),
    "base, block 3": Row(features=("base 3",)),
    "tiny.en 2 and base 3": Row(features=("tiny.en 2", "base 3")),
    "live, 200 ms ahead in all": Row(
        features=("tiny.en 2, live",), changes={"size": {"blocks": 1, "kernel": 3}}
    ),
    "features in each speech's own scale": Row(changes={"feature_prior": FEATURE_PRIOR}),
    "clips in their own size, no face": Row(changes={"own_spread": False}),
    "without closure": Row(changes=weighted(closure=0.0)),
    "without concordance": Row(changes=weighted(concordance=0.0)),
    "coefficients alone": Row(changes=weighted(mouth=0.0, closure=0.0, concordance=0.0)),
    "with velocity": Row(changes=weighted(velocity=0.5)),
    "with lip vertices": Row(lip_vertices=0.5),
    "with changed copies of the sound": Row(copies=True),
}
