"""A mapping to expression as one ONNX file: writing it, and reading its weights back.

Input: features (B, T, rows, bins), normalised; output: expression (B, T, 64), normalised. B and T
are free. The weights keep the names of the torch network, its facts lie in the metadata.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.models.sessions import open_session
from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.values import OnnxModel

OPSET = 20  # the first that has Gelu
PARITY = 1e-4  # of outputs that are of the order of 1


def write_expression_mapping(
    network: ExpressionNetwork, facts: MappingFacts, path: Path
) -> OnnxModel:
    """Export `network` with its facts to `path` and check it against torch.

    Raises:
        ModelError: onnxruntime and torch differ at some batch or length.
    """
    network = network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's; the parity check below decides
        torch.onnx.export(
            network,
            (_example(network, batch=1, time=4),),
            str(path),
            input_names=["features"],
            output_names=["expression"],
            dynamic_axes={name: {0: "batch", 1: "time"} for name in ("features", "expression")},
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


def read_expression_network(model: OnnxModel) -> ExpressionNetwork:
    """Rebuild the torch network of a mapping from the weights of its ONNX file.

    Raises:
        ModelError: the file does not hold the weights of such a network.
    """
    facts = MappingFacts.of(model)
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


def _example(network: ExpressionNetwork, *, batch: int, time: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(time)
    return torch.randn(batch, time, network.size.rows, network.size.bins, generator=random)


def _check_parity(network: ExpressionNetwork, model: OnnxModel) -> None:
    session = open_session(model.file)
    for batch, time in ((1, 1), (1, 250), (2, 9)):
        example = _example(network, batch=batch, time=time)
        with torch.no_grad():
            expected = network(example).numpy()
        (given,) = session.run(["expression"], {"features": example.numpy()})
        worst = (
            float(np.abs(given - expected).max()) if given.shape == expected.shape else float("inf")
        )
        if not worst <= PARITY:
            raise ModelError(
                f"the exported mapping differs from torch by {worst:.2g} at batch {batch}, length "
                f"{time}; this is a fault of the export, report it"
            )
