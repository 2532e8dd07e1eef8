"""From published files to ONNX: one function per kind of file, each imports what it needs."""

from __future__ import annotations

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


def published_encoder(data: bytes, facts: dict[str, str]) -> bytes:
    """The pattern encoder that Yi et al. 2022 publish."""
    from talkgraph.models.head_pattern import PUBLISHED_FACTS, build_encoder
    from talkgraph.models.torch_file import read_tensors

    model = build_encoder(read_tensors(data), facts | PUBLISHED_FACTS)
    return bytes(model.SerializeToString(deterministic=True))


def published_decoder(data: bytes, facts: dict[str, str]) -> bytes:
    """The pattern decoder that Yi et al. 2022 publish."""
    from talkgraph.models.head_pattern import PUBLISHED_FACTS, PUBLISHED_STRIDE, build_decoder
    from talkgraph.models.torch_file import read_tensors

    model = build_decoder(read_tensors(data), facts | PUBLISHED_FACTS, PUBLISHED_STRIDE)
    return bytes(model.SerializeToString(deterministic=True))


def as_brought(asset: Asset, parts: dict[str, bytes]) -> bytes:
    """The one file as it is."""
    (data,) = parts.values()
    return data
