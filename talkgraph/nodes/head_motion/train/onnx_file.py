"""A flow as one ONNX file: one evaluation of its velocity, with its facts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from talkgraph.errors import ModelError
from talkgraph.nodes.head_motion.flow.draw import NETWORK, REACH
from talkgraph.nodes.head_motion.flow.facts import FlowFacts
from talkgraph.nodes.head_motion.train.network import CODE, POSE, VelocityNetwork
from talkgraph.nodes.training.onnx_export import Export
from talkgraph.nodes.values import OnnxModel

EXPORT = Export(
    what="flow",
    inputs=tuple(NETWORK.inputs),
    outputs=tuple(NETWORK.outputs),
    axes={
        name: {axis: str(size) for axis, size in enumerate(shape) if size in ("n", "pairs")}
        for name, shape in {**NETWORK.inputs, **NETWORK.outputs}.items()
    },
    opset=17,
    traced=(1, 7),
    checked=((1, 7), (2, 40), (3, 1)),
)


def write_flow(network: VelocityNetwork, facts: FlowFacts, path: Path) -> OnnxModel:
    """Export `network` with its facts to `path` and check it against torch.

    Raises:
        ModelError: the network looks further than a motion is drawn with, or onnxruntime and torch
            differ at a batch or length other than the traced one.
    """
    if network.size.reach > REACH:
        raise ModelError(
            f"the network looks {network.size.reach} pairs of frames to either side, but motion is "
            f"drawn with {REACH}; give it smaller dilations"
        )
    return EXPORT.write(network, partial(_example, network), facts.as_text(), path)


def _example(network: VelocityNetwork, batch: int, count: int) -> tuple[Tensor, ...]:
    random = torch.Generator().manual_seed(batch)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random)

    prosody = network.listen.in_channels - network.size.components
    return (
        normal(batch, count, POSE),
        torch.rand(batch, generator=random),
        normal(batch, count, prosody),
        normal(batch, count, len(network.projection)),
        normal(batch, CODE),
        torch.arange(batch).remainder(2).float(),
    )
