"""The generator to and from ONNX."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.models.published import generator_2020
from talkgraph.nodes.refine.network import WINDOW, Generator
from talkgraph.nodes.refine.paper_network import PaperGenerator, load, weights_of

OPSET = 17
INPUTS = ("window", "identity")
OUTPUTS = ("colour", "attention")
TOLERANCE = 1e-3  # of the masks: an eighth of one 8-bit step


def export(
    generator: Generator | PaperGenerator, path: Path, size: int, identity_size: int
) -> float:
    """Write the generator and check it against onnxruntime at another batch size.

    Inputs `window [shape=(B, 9, size, size)]` in [-1, 1] and `identity [shape=(B, n)]`, outputs
    `colour [shape=(B, 3, size, size)]` and `attention [shape=(B, 1, size, size)]`; B is free.
    The initialisers keep the names of the parameters, so that `load_weights` finds them.

    Returns:
        The largest difference between the two, at most `TOLERANCE`.

    Raises:
        ModelError: if they differ by more.
    """
    generator = generator.cpu().eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    if isinstance(generator, PaperGenerator):
        onnx.save(generator_2020.build(weights_of(generator), {}), str(path))
    else:
        _trace(generator, path, _example(1, size, identity_size))
    return _check(generator, path, _example(2, size, identity_size))


def _trace(generator: Generator, path: Path, example: tuple[torch.Tensor, torch.Tensor]) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        # The TorchScript exporter announces its own end; the newer one takes a minute.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            generator,
            example,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            # Folding would rename and merge the parameters; onnxruntime folds when it loads.
            do_constant_folding=False,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "batch"} for name in (*INPUTS, *OUTPUTS)},
        )


def _example(batch: int, size: int, identity_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(0)
    window = torch.rand(batch, 3 * WINDOW, size, size, generator=source) * 2 - 1
    return window, F.normalize(torch.randn(batch, identity_size, generator=source))


def _check(generator: nn.Module, path: Path, example: tuple[torch.Tensor, torch.Tensor]) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = {name: tensor.numpy() for name, tensor in zip(INPUTS, example, strict=True)}
    with torch.no_grad():
        expected = generator(*example)
    pairs = zip(session.run(list(OUTPUTS), feeds), expected, strict=True)
    difference = max(float(np.abs(got - want.numpy()).max()) for got, want in pairs)
    if not difference <= TOLERANCE:
        raise ModelError(
            f"the exported refiner differs from the trained one by {difference:.2g} (allowed"
            f" {TOLERANCE:g}); check the versions of torch and onnxruntime"
        )
    return difference


def load_weights(net: nn.Module, path: Path, what: str = "general refiner") -> None:
    """Set a network's parameters from the initialisers of an exported one.

    Args:
        what: the network in the file, for messages.

    Raises:
        ModelError: if the file holds another network, or one of other sizes.
    """
    found = {t.name: numpy_helper.to_array(t) for t in load_onnx(path).graph.initializer}
    wanted = weights_of(net)
    for name, parameter in wanted.items():
        if name not in found:
            raise ModelError(f"the {what} lacks {name}; give one made by train_refiner")
        if found[name].shape != parameter.shape:
            raise ModelError(
                f"the {what}'s {name} is {found[name].shape}, this one's"
                f" {parameter.shape}; set width, stem and levels as in the general one"
            )
    load(net, {name: found[name] for name in wanted})
