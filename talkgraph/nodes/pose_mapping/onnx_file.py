"""A mapping as one ONNX file: writing it, and reading its weights back for fine-tuning.

The file holds the network, its weights and its facts, so that neither a pickled checkpoint nor
torch is needed to use it. Inputs: features (B, T, rows, bins) and the state h, c (layers, B,
hidden); outputs: expression (B, T, 64), pose (B, T, 6) and the new state. B and T are free.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.models.sessions import open_session
from talkgraph.nodes.pose_mapping.facts import MotionFacts
from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.values import OnnxModel

OPSET = 17
INPUTS = ("features", "h", "c")
OUTPUTS = ("expression", "pose", "h_next", "c_next")
PARITY = 1e-4  # of outputs that are of the order of 1


def write_mapping(network: MappingNetwork, facts: MotionFacts, path: Path) -> OnnxModel:
    """Export `network` with its facts to `path` and check it against torch.

    Raises:
        ModelError: onnxruntime and torch differ at a batch or length other than the traced ones.
    """
    network = network.eval()
    example = _example(network, batch=1, time=4, seed=0)
    dynamic = {name: {0: "batch", 1: "time"} for name in ("features", "expression", "pose")}
    dynamic |= {name: {1: "batch"} for name in ("h", "c", "h_next", "c_next")}
    with warnings.catch_warnings():
        # The tracer warns that an LSTM's batch size may be frozen: the parity check below decides.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            example,
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=dynamic,
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
    network: MappingNetwork, *, batch: int, time: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    size = network.size
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(batch, time, size.rows, size.bins, generator=random)
    state = torch.randn(2, size.layers, batch, size.hidden, generator=random) * 0.1
    return features, state[0], state[1]


def _check_parity(network: MappingNetwork, model: OnnxModel) -> None:
    session = open_session(model.file)
    for batch, time in ((1, 4), (2, 9), (3, 1)):
        example = _example(network, batch=batch, time=time, seed=time)
        with torch.no_grad():
            expected = network(*example)
        given = {name: x.numpy() for name, x in zip(INPUTS, example, strict=True)}
        for name, x, y in zip(OUTPUTS, session.run(None, given), expected, strict=True):
            worst = float(np.abs(x - y.numpy()).max()) if x.shape == y.shape else float("inf")
            if worst > PARITY:
                raise ModelError(
                    f"the exported mapping differs from torch by {worst:.2g} in '{name}' at batch "
                    f"{batch}, length {time}; this is a fault of the export, report it"
                )
