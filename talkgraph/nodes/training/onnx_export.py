"""A trained network as one ONNX file with its facts, held against torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np
import onnx
import torch
from torch import Tensor, nn

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.sessions import open_session
from talkgraph.nodes.values import OnnxModel

PARITY = 1e-4  # of outputs that are of the order of 1


@attrs.frozen(kw_only=True)
class Export:
    """How a kind of network is written.

    what: the kind, for messages.
    inputs, outputs: names, in torch's order.
    axes: name -> the axes that are free, by what they count.
    traced: batch and length that the network is traced at.
    checked: batches and lengths at which onnxruntime is held against torch.
    """

    what: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    axes: Mapping[str, Mapping[int, str]]
    opset: int
    traced: tuple[int, int]
    checked: Sequence[tuple[int, int]]

    def write(
        self,
        network: nn.Module,
        example: Callable[[int, int], tuple[Tensor, ...]],
        facts: dict[str, str],
        path: Path,
    ) -> OnnxModel:
        """Write `network` with its facts to `path`.

        Args:
            example: inputs for a batch and a length.

        Raises:
            ModelError: onnxruntime and torch differ at a batch or length that is checked.
        """
        network = network.eval()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's doubts: the parity check below decides
            torch.onnx.export(
                network,
                example(*self.traced),
                str(path),
                input_names=list(self.inputs),
                output_names=list(self.outputs),
                dynamic_axes={name: dict(free) for name, free in self.axes.items()},
                opset_version=self.opset,
                dynamo=False,
            )
        model = onnx.load(str(path))
        onnx.helper.set_model_props(model, facts)
        onnx.save(model, str(path))
        made = OnnxModel(file=File(path), facts=facts)
        for batch, length in self.checked:
            self._check(network, example(batch, length), made, f"batch {batch}, length {length}")
        return made

    def _check(
        self, network: nn.Module, inputs: tuple[Tensor, ...], model: OnnxModel, where: str
    ) -> None:
        with torch.no_grad():
            expected = network(*inputs)
        if isinstance(expected, Tensor):
            expected = (expected,)
        given = {name: x.numpy() for name, x in zip(self.inputs, inputs, strict=True)}
        made = open_session(model.file).run(list(self.outputs), given)
        for name, x, y in zip(self.outputs, made, expected, strict=True):
            worst = float(np.abs(x - y.numpy()).max()) if x.shape == y.shape else float("inf")
            if not worst <= PARITY:  # nor if it is no number
                raise ModelError(
                    f"the exported {self.what} differs from torch by {worst:.2g} in '{name}' at "
                    f"{where}; this is a fault of the export, report it"
                )
