"""Read a TFLite file into plain objects: constants as arrays, operators with their options.

Only what the networks of faces and hands use is read; an operator, type or option that is not
known raises `ModelError`, so that a wrong conversion cannot pass unnoticed.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError


@attrs.frozen
class Tensor:
    """One tensor: its name, its shape as stored (NHWC, batch of 1) and its value if constant."""

    name: str
    shape: tuple[int, ...]
    constant: NDArray[Any] | None


@attrs.frozen
class Operator:
    """One operator: `kind` is the builtin's name or the custom code; tensors by index."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@attrs.frozen
class Graph:
    """A network: operators in execution order."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


# What is read of the options of each builtin: option table and its members.
_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CONV_2D": (
        "Conv2DOptions",
        (
            "Padding",
            "StrideH",
            "StrideW",
            "DilationHFactor",
            "DilationWFactor",
            "FusedActivationFunction",
        ),
    ),
    "DEPTHWISE_CONV_2D": (
        "DepthwiseConv2DOptions",
        (
            "Padding",
            "StrideH",
            "StrideW",
            "DilationHFactor",
            "DilationWFactor",
            "FusedActivationFunction",
        ),
    ),
    "MAX_POOL_2D": (
        "Pool2DOptions",
        (
            "Padding",
            "StrideH",
            "StrideW",
            "FilterHeight",
            "FilterWidth",
            "FusedActivationFunction",
        ),
    ),
    "ADD": ("AddOptions", ("FusedActivationFunction",)),
    "MUL": ("MulOptions", ("FusedActivationFunction",)),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", "FusedActivationFunction")),
    "MEAN": ("ReducerOptions", ("KeepDims",)),
    "FULLY_CONNECTED": ("FullyConnectedOptions", ("KeepNumDims", "FusedActivationFunction")),
    "RESIZE_BILINEAR": ("ResizeBilinearOptions", ("AlignCorners", "HalfPixelCenters")),
}
_NO_OPTIONS = frozenset(
    {"RELU", "PRELU", "LOGISTIC", "PAD", "RESHAPE", "DEQUANTIZE", "STRIDED_SLICE"}
)


def read_graph(data: bytes) -> Graph:
    """Read the only subgraph of the TFLite model in `data`.

    Raises:
        ModelError: the file is not TFLite, or uses something this reader does not know.
    """
    import tflite

    if data[4:8] != b"TFL3":
        raise ModelError("the file is not a TFLite model (no TFL3 mark): fetch the model again")
    model = tflite.Model.GetRootAsModel(data, 0)
    if model.SubgraphsLength() != 1:
        raise ModelError("a TFLite model with several subgraphs cannot be converted")
    subgraph = model.Subgraphs(0)
    tensors = tuple(
        _tensor(model, subgraph.Tensors(i), tflite) for i in range(subgraph.TensorsLength())
    )
    operators = tuple(
        _operator(model, subgraph.Operators(i), tflite) for i in range(subgraph.OperatorsLength())
    )
    return Graph(
        tensors,
        operators,
        tuple(int(i) for i in subgraph.InputsAsNumpy()),
        tuple(int(i) for i in subgraph.OutputsAsNumpy()),
    )


def _tensor(model: Any, tensor: Any, tflite: Any) -> Tensor:
    types = {
        tflite.TensorType.FLOAT32: np.float32,
        tflite.TensorType.FLOAT16: np.float16,
        tflite.TensorType.INT32: np.int32,
    }
    name = tensor.Name().decode()
    if tensor.Type() not in types:
        raise ModelError(f"TFLite tensor '{name}' has element type {tensor.Type()}: not supported")
    shape = tuple(int(n) for n in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    constant = None
    if buffer.DataLength():
        constant = np.frombuffer(buffer.DataAsNumpy().tobytes(), types[tensor.Type()])
        constant = constant.reshape(shape)
    return Tensor(name, shape, constant)


def _operator(model: Any, operator: Any, tflite: Any) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Files of old writers fill only the deprecated 8 bit field, new ones may leave it at 127.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == tflite.BuiltinOperator.CUSTOM:
        kind, options = code.CustomCode().decode(), _custom_options(operator)
    else:
        kind = _builtin_names(tflite).get(number, f"builtin {number}")
        options = _builtin_options(kind, operator, tflite)
    return Operator(
        kind,
        tuple(int(i) for i in operator.InputsAsNumpy()),
        tuple(int(i) for i in operator.OutputsAsNumpy()),
        options,
    )


def _builtin_names(tflite: Any) -> dict[int, str]:
    members = vars(tflite.BuiltinOperator).items()
    return {number: name for name, number in members if isinstance(number, int)}


def _builtin_options(kind: str, operator: Any, tflite: Any) -> dict[str, Any]:
    if kind in _NO_OPTIONS:
        return {}
    if kind not in _OPTIONS:
        raise ModelError(f"TFLite operator {kind} cannot be converted to ONNX")
    table, members = _OPTIONS[kind]
    options = getattr(tflite, table)()
    union = operator.BuiltinOptions()
    if union is None:
        raise ModelError(f"TFLite operator {kind} has no options: the model file is damaged")
    options.Init(union.Bytes, union.Pos)
    return {member: int(getattr(options, member)()) for member in members}


def _custom_options(operator: Any) -> dict[str, Any]:
    from flatbuffers import flexbuffers  # type: ignore[import-untyped]

    if not operator.CustomOptionsLength():
        return {}
    options = flexbuffers.Loads(operator.CustomOptionsAsNumpy().tobytes())
    return dict(options) if isinstance(options, dict) else {}
