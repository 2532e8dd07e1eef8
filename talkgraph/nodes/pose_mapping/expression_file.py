"""A mapping to expression as one ONNX file: writing it, and reading its weights back.

Input: features (B, T, rows, bins), normalised; output: expression (B, T, 64), normalised. B and T
are free. The weights keep the names of the torch network, its facts lie in the metadata.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from onnx import numpy_helper

from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts
from talkgraph.nodes.training.onnx_export import Export
from talkgraph.nodes.values import OnnxModel

EXPORT = Export(
    what="mapping",
    inputs=("features",),
    outputs=("expression",),
    axes={name: {0: "batch", 1: "time"} for name in ("features", "expression")},
    opset=20,  # the first that has Gelu
    traced=(1, 4),
    checked=((1, 1), (1, 250), (2, 9)),
)


def write_expression_mapping(
    network: ExpressionNetwork, facts: ExpressionFacts, path: Path
) -> OnnxModel:
    """Export `network` with its facts to `path` and check it against torch.

    Raises:
        ModelError: onnxruntime and torch differ at some batch or length.
    """
    return EXPORT.write(network, partial(_example, network), facts.as_text(), path)


def read_expression_network(model: OnnxModel) -> ExpressionNetwork:
    """Rebuild the torch network of a mapping from the weights of its ONNX file.

    Raises:
        ModelError: the file does not hold the weights of such a network.
    """
    facts = ExpressionFacts.of(model)
    weights = {
        entry.name: torch.from_numpy(numpy_helper.to_array(entry).copy())
        for entry in load_onnx(model.file.path).graph.initializer
    }
    try:
        network = ExpressionNetwork(ExpressionSize(**facts.size))
        network.load_state_dict({name: weights[name] for name in network.state_dict()})
    except (KeyError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"{model.file.path.name} does not hold the weights that its facts describe "
            f"({str(error).splitlines()[0]}); train the mapping again"
        ) from error
    return network.eval()


def _example(network: ExpressionNetwork, batch: int, time: int) -> tuple[torch.Tensor]:
    random = torch.Generator().manual_seed(time)
    size = network.size
    return (torch.randn(batch, time, size.rows, size.bins, generator=random),)
