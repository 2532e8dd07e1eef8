"""The pattern networks as ONNX files with their facts, checked against torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.head_pattern import build_decoder, build_encoder
from talkgraph.models.onnx_reading import read_facts
from talkgraph.models.sessions import open_session
from talkgraph.nodes.head_motion.pattern.train.modules import (
    CODE,
    POSE,
    PatternEncoder,
    PoseDecoder,
    weights_of,
)
from talkgraph.nodes.values import OnnxModel

PARITY = 1e-4  # in units of the pose's spread, or of a pattern


def write_encoder(network: PatternEncoder, facts: Mapping[str, str], path: Path) -> OnnxModel:
    """Write `network` to `path`.

    Raises:
        ModelError: onnxruntime and torch differ at one of several lengths.
    """
    made = save_network(build_encoder(weights_of(network), facts), path)
    for batch, frames in ((1, 50), (2, 300), (3, 1)):
        pose = _normal(batch, frames, POSE) * network.pose_scale
        _check(network, made, {"pose": pose}, 1.0)
    return made


def write_decoder(network: PoseDecoder, facts: Mapping[str, str], path: Path) -> OnnxModel:
    """The same of a decoder."""
    size = network.size
    made = save_network(build_decoder(weights_of(network), facts, size.stride), path)
    for batch, frames in ((1, 1), (2, 40), (1, 300)):
        rows = _normal(batch, size.rows + size.stride * (frames - 1), size.bins)
        given = {"features": rows * network.feature_scale, "pattern": _normal(batch, CODE)}
        _check(network, made, given, network.pose_scale.numpy())
    return made


def save_network(model: Any, path: Path) -> OnnxModel:
    """Write an `onnx.ModelProto` to `path`."""
    onnx.save(model, str(path))
    return OnnxModel(file=File(path), facts=read_facts(path))


def _normal(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(shape[0] + shape[1]))


def _check(network: nn.Module, model: OnnxModel, given: Mapping[str, Tensor], unit: Any) -> None:
    run: Callable[..., Tensor] = network.eval()
    with torch.no_grad():
        expected = run(*given.values()).numpy()
    (made,) = open_session(model.file).run(None, {k: v.numpy() for k, v in given.items()})
    worst = float(np.abs((made - expected) / unit).max())
    if not worst <= PARITY:
        shapes = ", ".join(str(tuple(one.shape)) for one in given.values())
        raise ModelError(
            f"the exported network differs from torch by {worst:.2g} for inputs {shapes}; this is "
            "a fault of the export, report it"
        )
