"""Build the face recognition network of dlib (CC0 weights) as ONNX from its face-api files.

The weights are a list of tensors back to back, most of them quantized to 8 bits
(value = byte * scale + min). The network is dlib's `anet` ResNet of 29 convolutions
(King, dlib_face_recognition_resnet_model_v1): a face chip in, a 128-vector out.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.models.onnx_writer import OnnxWriter

CHIP = 150  # px, side of the input picture
_MEAN_RGB = (122.782, 117.001, 104.298)  # of the training set, in 0..255
_STAGES = (  # blocks in order: (name, halves the size)
    ("conv32_1", False),
    ("conv32_2", False),
    ("conv32_3", False),
    ("conv64_down", True),
    ("conv64_1", False),
    ("conv64_2", False),
    ("conv64_3", False),
    ("conv128_down", True),
    ("conv128_1", False),
    ("conv128_2", False),
    ("conv256_down", True),
    ("conv256_1", False),
    ("conv256_2", False),
    ("conv256_down_out", True),
)

Weights = dict[str, NDArray[np.float32]]


def read_weights(manifest: bytes, data: bytes) -> Weights:
    """Dequantize every tensor that `manifest` (JSON) lists in `data`.

    Raises:
        ModelError: the two files do not belong together.
    """
    weights: Weights = {}
    at = 0
    for entry in json.loads(manifest)[0]["weights"]:
        count = int(np.prod(entry["shape"]))
        quantization = entry.get("quantization")
        kind = np.dtype(np.uint8 if quantization else np.dtype("<f4"))
        if at + count * kind.itemsize > len(data):
            raise ModelError("the identity network's weights are cut short: fetch them again")
        tensor = np.frombuffer(data, kind, count, at).astype(np.float32)
        at += count * kind.itemsize
        if quantization:
            tensor = tensor * np.float32(quantization["scale"]) + np.float32(quantization["min"])
        weights[entry["name"]] = tensor.reshape(entry["shape"])
    if at != len(data):
        raise ModelError(f"the identity network's weights have {len(data) - at} bytes too many")
    return weights


def build(weights: Weights, facts: dict[str, str] | None = None) -> Any:
    """Return the `onnx.ModelProto`.

    Input ``faces``: `[shape=(N, 150, 150, 3), float32]`, RGB in 0..255.
    Output ``vector``: `[shape=(N, 128), float32]`, not normalised; Euclidean distance compares.
    """
    out = OnnxWriter()
    faces, vector = out.fresh("faces"), out.fresh("vector")
    scaled = out.add("Sub", [faces, out.constant(np.array(_MEAN_RGB, np.float32), "mean")])
    scaled = out.add("Div", [scaled, out.constant(np.full((), 255, np.float32), "range")])
    x = out.transpose(scaled, (0, 3, 1, 2))
    x = out.add("Relu", [_convolution(out, weights, "conv32_down", x, stride=2, pad=0)])
    x = out.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
    size = ((CHIP - 7) // 2 + 1 - 3) // 2 + 1
    channels = 32
    for name, halves in _STAGES:
        x, size, channels = _block(out, weights, name, x, size, channels, halves)
    pooled = out.add("ReduceMean", [x], axes=[2, 3], keepdims=0)
    out.name(out.add("MatMul", [pooled, out.constant(weights["fc"], "fc")]), vector)
    return out.model(
        [(faces, ("N", CHIP, CHIP, 3))], [(vector, ("N", weights["fc"].shape[1]))], facts or {}
    )


def _convolution(
    out: OnnxWriter, weights: Weights, name: str, x: str, *, stride: int, pad: int
) -> str:
    """Convolution followed by a scale and a bias per channel, folded into one."""
    kernel = weights[f"{name}/conv/filters"].transpose(3, 2, 0, 1)  # HWIO -> OIHW
    scale, shift = weights[f"{name}/scale/weights"], weights[f"{name}/scale/biases"]
    return out.add(
        "Conv",
        [
            x,
            out.constant(kernel * scale[:, None, None, None], "kernel"),
            out.constant(weights[f"{name}/conv/bias"] * scale + shift, "bias"),
        ],
        kernel_shape=list(kernel.shape[2:]),
        strides=[stride, stride],
        pads=[pad] * 4,
    )


def _block(
    out: OnnxWriter, weights: Weights, name: str, x: str, size: int, channels: int, halves: bool
) -> tuple[str, int, int]:
    """One residual block; returns the tensor, its size and its channels."""
    stride, pad = (2, 0) if halves else (1, 1)
    y = _convolution(out, weights, f"{name}/conv1", x, stride=stride, pad=pad)
    y = _convolution(out, weights, f"{name}/conv2", out.add("Relu", [y]), stride=1, pad=1)
    wider = weights[f"{name}/conv2/conv/filters"].shape[3]
    if halves:
        convolved, size = (size - 3) // 2 + 1, size // 2
        x = out.add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        if size > convolved:  # zeros at the bottom and the right
            missing = size - convolved
            y = out.add("Pad", [y, out.ints([0, 0, 0, 0, 0, 0, missing, missing])])
        if wider > channels:  # the shortcut's new channels are zero
            x = out.add("Pad", [x, out.ints([0, 0, 0, 0, 0, wider - channels, 0, 0])])
    return out.add("Relu", [out.add("Add", [x, y])]), size, wider
