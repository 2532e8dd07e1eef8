"""From published files to ONNX: one function per kind of file, each imports what it needs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from talkgraph.models.asset import Asset, Conversion


def from_tflite(asset: Asset, parts: dict[str, bytes]) -> bytes:
    """A network of TensorFlow Lite."""
    from talkgraph.models.tflite_to_onnx import convert

    (data,) = parts.values()
    return bytes(convert(data, asset.facts).SerializeToString(deterministic=True))


def identity_network(asset: Asset, parts: dict[str, bytes]) -> bytes:
    """The recognition network, from its quantized weights and their list."""
    from talkgraph.models.identity_network import build, read_weights

    data, manifest = (parts[part.member] for part in asset.parts)
    model = build(read_weights(manifest, data), asset.facts)
    return bytes(model.SerializeToString(deterministic=True))


def speech_encoder(blocks: int) -> Conversion:
    """The first blocks of the encoder in a CTranslate2 file, which may come in pieces."""

    def convert(asset: Asset, parts: dict[str, bytes]) -> bytes:
        from talkgraph.models.ctranslate2_file import read_variables
        from talkgraph.models.speech_encoder import build

        weights = read_variables(b"".join(parts[part.member] for part in asset.parts))
        return bytes(build(weights, blocks, asset.facts).SerializeToString(deterministic=True))

    return convert


def lite_feature(asset: Asset, parts: dict[str, bytes]) -> bytes:
    """The pooled feature of EfficientNet-Lite0, from its PyTorch file."""
    from talkgraph.models.spatial_feature import efficientnet_lite0
    from talkgraph.models.torch_file import read_tensors

    (data,) = parts.values()
    model = efficientnet_lite0(read_tensors(data), asset.facts)
    return bytes(model.SerializeToString(deterministic=True))


def from_checkpoint(module: str, function: str = "build") -> Callable[..., bytes]:
    """What a builder of `talkgraph.models` makes of the tensors in a PyTorch file.

    Args:
        module: the builder's, below `talkgraph.models`.
        function: its name; it takes weights and facts.
    """

    def convert(data: bytes, facts: dict[str, str]) -> bytes:
        from talkgraph.models.torch_file import read_tensors

        build = getattr(import_module(f"talkgraph.models.{module}"), function)
        return bytes(build(read_tensors(data), facts).SerializeToString(deterministic=True))

    return convert


def as_brought(asset: Asset, parts: dict[str, bytes]) -> bytes:
    """The one file as it is."""
    (data,) = parts.values()
    return data
