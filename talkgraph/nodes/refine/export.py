"""The generator to and from ONNX."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch

from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.nodes.refine.network import Generator

OPSET = 17
INPUTS = ("window", "identity")
OUTPUTS = ("colour", "attention")
TOLERANCE = 1e-3  # of the masks: an eighth of one 8-bit step


def export(generator: Generator, path: Path, size: int, identity_size: int) -> float:
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
    example = _example(1, generator, size, identity_size)
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
    return _check(generator, path, _example(2, generator, size, identity_size))


def _example(
    batch: int, generator: Generator, size: int, identity_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    channels = generator.stem.in_channels // generator.unfold.downscale_factor**2
    source = torch.Generator().manual_seed(0)
    window = torch.rand(batch, channels, size, size, generator=source) * 2 - 1
    return window, torch.randn(batch, identity_size, generator=source)


def _check(generator: Generator, path: Path, example: tuple[torch.Tensor, torch.Tensor]) -> float:
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


def load_weights(generator: Generator, path: Path) -> None:
    """Set the generator's parameters from the initialisers of an exported one.

    Raises:
        ModelError: if the file is no refiner, or one of another width, stem or depth.
    """
    from onnx import numpy_helper

    found = {t.name: numpy_helper.to_array(t) for t in load_onnx(path).graph.initializer}
    wanted = generator.state_dict()
    for name, parameter in wanted.items():
        if name not in found:
            raise ModelError(f"the general refiner lacks {name}; give one made by train_refiner")
        if found[name].shape != tuple(parameter.shape):
            raise ModelError(
                f"the general refiner's {name} is {found[name].shape}, this one's"
                f" {tuple(parameter.shape)}; set width, stem and levels as in the general one"
            )
    generator.load_state_dict({name: torch.from_numpy(found[name].copy()) for name in wanted})
