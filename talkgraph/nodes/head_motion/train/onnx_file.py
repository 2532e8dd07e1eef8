"""A flow as one ONNX file: one evaluation of its velocity, with its facts."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.sessions import open_session
from talkgraph.nodes.head_motion.flow.draw import NETWORK, REACH
from talkgraph.nodes.head_motion.flow.facts import FlowFacts
from talkgraph.nodes.head_motion.train.network import CODE, POSE, VelocityNetwork
from talkgraph.nodes.values import OnnxModel

OPSET = 17
PARITY = 1e-4  # of outputs that are of the order of 1


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
    network = network.eval()
    inputs, outputs = list(NETWORK.inputs), list(NETWORK.outputs)
    axes = {
        name: {axis: size for axis, size in enumerate(shape) if size in ("n", "pairs")}
        for name, shape in {**NETWORK.inputs, **NETWORK.outputs}.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's doubts: the parity check below decides
        torch.onnx.export(
            network,
            _example(network, batch=1, count=7),
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    text = facts.as_text()
    onnx.helper.set_model_props(model, text)
    onnx.save(model, str(path))
    made = OnnxModel(file=File(path), facts=text)
    _check_parity(network, made)
    return made


def _example(network: VelocityNetwork, *, batch: int, count: int) -> tuple[Tensor, ...]:
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


def _check_parity(network: VelocityNetwork, model: OnnxModel) -> None:
    session = open_session(model.file)
    for batch, count in ((1, 7), (2, 40), (3, 1)):
        example = _example(network, batch=batch, count=count)
        with torch.no_grad():
            expected = network(*example)
        given = {name: x.numpy() for name, x in zip(NETWORK.inputs, example, strict=True)}
        made = session.run(list(NETWORK.outputs), given)
        for name, x, y in zip(NETWORK.outputs, made, expected, strict=True):
            worst = float(np.abs(x - y.numpy()).max()) if x.shape == y.shape else float("inf")
            if worst > PARITY:
                raise ModelError(
                    f"the exported flow differs from torch by {worst:.2g} in '{name}' at batch "
                    f"{batch}, length {count}; this is a fault of the export, report it"
                )
