"""How the refiner is trained."""

from __future__ import annotations

import attrs

from talkgraph.engine import Node


@attrs.frozen(kw_only=True)
class Schedule:
    """How to train: the parameters of the same names of `train_refiner`."""

    steps: int
    batch: int
    crop: int
    near_details: float
    learning_rate: float
    beta1: float
    final_rate: float
    adversarial_weight: float
    adversarial_from: float
    l1_weight: float
    gradient_weight: float
    attention_weight: float
    smoothness_weight: float
    feature_weight: float
    averaging: float
    brightness: float
    shift: float
    mirrored: float
    seed: int

    @classmethod
    def of(cls, node: Node) -> Schedule:
        """That of a node with parameters of these names."""
        return cls(**{field.name: getattr(node, field.name) for field in attrs.fields(cls)})
