"""A mapping as one ONNX file: writing it, and reading its weights back for fine-tuning.

The file holds the network, its weights and its facts, so that neither a pickled checkpoint nor
torch is needed to use it. Inputs: features (B, T, rows, bins) and the state h, c (layers, B,
hidden); outputs: expression (B, T, 64), pose (B, T, 6) and the new state. B and T are free.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.nodes.pose_mapping.facts import MotionFacts
from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.training.onnx_export import Export
from talkgraph.nodes.values import OnnxModel

EXPORT = Export(
    what="mapping",
    inputs=("features", "h", "c"),
    outputs=("expression", "pose", "h_next", "c_next"),
    axes={
        **{name: {0: "batch", 1: "time"} for name in ("features", "expression", "pose")},
        **{name: {1: "batch"} for name in ("h", "c", "h_next", "c_next")},
    },
    opset=17,
    traced=(1, 4),
    checked=((1, 4), (2, 9), (3, 1)),
)


def write_mapping(network: MappingNetwork, facts: MotionFacts, path: Path) -> OnnxModel:
    """Export `network` with its facts to `path` and check it against torch.

    Raises:
        ModelError: onnxruntime and torch differ at a batch or length other than the traced ones.
    """
    return EXPORT.write(network, partial(_example, network), facts.as_text(), path)


def read_network(model: OnnxModel) -> MappingNetwork:
    """Rebuild the torch network of a mapping from the initialisers of its ONNX file.

    Convolutions and linear layers keep their names in the export; an LSTM's matrices are found
    through its nodes and put back into torch's order of gates. Batch normalisation has been folded
    into the convolutions by the export: it becomes the identity plus the folded bias.

    Raises:
        ModelError: the file does not hold the weights of such a network.
    """
    facts = MotionFacts.of(model)
    graph = load_onnx(model.file.path).graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    network = MappingNetwork(MappingSize(**facts.size))
    state = network.state_dict()
    try:
        state |= _lstm_weights(graph, weights, network.size.layers)
        state |= _convolution_weights(graph, weights, network)
        for name, module in network.named_modules():
            if isinstance(module, nn.Linear):
                for part in ("weight", "bias"):
                    state[f"{name}.{part}"] = torch.from_numpy(weights[f"{name}.{part}"].copy())
        network.load_state_dict(state)
    except (KeyError, IndexError, RuntimeError) as error:
        raise ModelError(
            f"{model.file.path.name} does not hold the weights that its facts describe "
            f"({str(error).splitlines()[0]}); train the mapping again"
        ) from error
    return network.eval()


def _convolution_weights(
    graph: onnx.GraphProto, weights: dict[str, NDArray[np.float32]], network: MappingNetwork
) -> dict[str, torch.Tensor]:
    nodes = [entry for entry in graph.node if entry.op_type == "Conv"]
    modules = list(network.encoder.named_modules(prefix="encoder"))
    convolutions = [m for m in modules if isinstance(m[1], nn.Conv1d | nn.Conv2d)]
    norms = [m for m in modules if isinstance(m[1], nn.BatchNorm2d)]
    state: dict[str, torch.Tensor] = {}
    for index, (name, _) in enumerate(convolutions):
        weight, bias = (torch.from_numpy(weights[key].copy()) for key in nodes[index].input[1:3])
        state[f"{name}.weight"] = weight
        if not norms:
            state[f"{name}.bias"] = bias
            continue
        norm, module = norms[index]
        assert isinstance(module, nn.BatchNorm2d)
        state[f"{name}.bias"] = torch.zeros_like(bias)
        state[f"{norm}.weight"] = torch.ones_like(bias)
        state[f"{norm}.bias"] = bias
        state[f"{norm}.running_mean"] = torch.zeros_like(bias)
        state[f"{norm}.running_var"] = torch.full_like(bias, 1.0 - module.eps)
    return state


def _lstm_weights(
    graph: onnx.GraphProto, weights: dict[str, NDArray[np.float32]], layers: int
) -> dict[str, torch.Tensor]:
    nodes = [entry for entry in graph.node if entry.op_type == "LSTM"]
    state: dict[str, torch.Tensor] = {}
    for layer in range(layers):
        w, r, b = (weights[key] for key in nodes[layer].input[1:4])
        input_bias, hidden_bias = np.split(b[0], 2)
        for part, values in (
            ("weight_ih", w[0]),
            ("weight_hh", r[0]),
            ("bias_ih", input_bias),
            ("bias_hh", hidden_bias),
        ):
            i, o, f, c = np.split(values, 4)  # ONNX's order of gates; torch's is i, f, c, o
            state[f"lstm.{part}_l{layer}"] = torch.from_numpy(np.concatenate([i, f, c, o]))
    return state


def _example(
    network: MappingNetwork, batch: int, time: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    size = network.size
    random = torch.Generator().manual_seed(time)
    features = torch.randn(batch, time, size.rows, size.bins, generator=random)
    state = torch.randn(2, size.layers, batch, size.hidden, generator=random) * 0.1
    return features, state[0], state[1]
