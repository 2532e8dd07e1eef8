"""Convert the TFLite networks of faces and hands to ONNX: same inputs and outputs, any batch size.

Inputs and outputs are NHWC; inside, pictures are NCHW. Weights stored as float16 become float32
(that is also what the reference interpreter computes with).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.models import tflite_face_operators as face
from talkgraph.models.onnx_writer import OnnxWriter
from talkgraph.models.tflite_graph import Graph, Operator, read_graph

_SAME, _VALID = 0, 1  # tflite.Padding
_NONE, _RELU, _RELU6 = 0, 1, 3  # tflite.ActivationFunctionType
_NCHW_FROM_NHWC, _NHWC_FROM_NCHW = (0, 3, 1, 2), (0, 2, 3, 1)
_BATCH = "N"


def convert(data: bytes, facts: dict[str, str] | None = None) -> Any:
    """Return the `onnx.ModelProto` of the TFLite model in `data`.

    Args:
        facts: plain text kept in the model's metadata (source, licence).

    Raises:
        ModelError: the model uses an operator or option that is not known here.
    """
    return _Conversion(read_graph(data)).run(facts or {})


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after an axis of `size` for TFLite's SAME: the odd one comes after."""
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


class _Conversion:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = OnnxWriter()
        self.constants: dict[int, NDArray[Any]] = {
            i: t.constant for i, t in enumerate(graph.tensors) if t.constant is not None
        }
        self.nhwc: dict[int, str] = {}  # tensors in TFLite's own layout, of any rank
        self.nchw: dict[int, str] = {}  # pictures in ONNX's layout
        self.emitters: dict[str, Callable[[Operator], None]] = {
            "DEQUANTIZE": self._dequantize,
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._convolution,
            "MAX_POOL_2D": self._max_pool,
            "RELU": self._relu,
            "PRELU": self._prelu,
            "LOGISTIC": self._logistic,
            "ADD": self._elementwise,
            "MUL": self._elementwise,
            "PAD": self._pad,
            "RESHAPE": self._reshape,
            "CONCATENATION": self._concatenation,
            "STRIDED_SLICE": self._identity_slice,
            "MEAN": self._mean,
            "FULLY_CONNECTED": self._fully_connected,
            "RESIZE_BILINEAR": self._resize,
            "Landmarks2TransformMatrix": self._landmarks_to_transform,
            "TransformTensorBilinear": self._transform_tensor,
            "TransformLandmarks": self._transform_landmarks,
        }

    def run(self, facts: dict[str, str]) -> Any:
        # Outputs keep their names, so these are taken before any operator can take them.
        names = {index: self.out.fresh(self._name(index)) for index in self.graph.outputs}
        inputs: list[tuple[str, tuple[int | str, ...]]] = []
        for index in self.graph.inputs:
            name = self.out.fresh(self._name(index))
            self.nhwc[index] = name
            inputs.append((name, (_BATCH, *self.graph.tensors[index].shape[1:])))
        for operator in self.graph.operators:
            if operator.kind not in self.emitters:
                raise ModelError(f"TFLite operator {operator.kind} cannot be converted to ONNX")
            self.emitters[operator.kind](operator)
        outputs: list[tuple[str, tuple[int | str, ...]]] = []
        for index in self.graph.outputs:
            self.out.name(self._in_nhwc(index), names[index])
            outputs.append((names[index], (_BATCH, *self.graph.tensors[index].shape[1:])))
        return self.out.model(inputs, outputs, facts)

    # Tensors and layouts

    def _name(self, index: int) -> str:
        return self.graph.tensors[index].name

    def _shape(self, index: int) -> tuple[int, ...]:
        return self.graph.tensors[index].shape

    def _in_nchw(self, index: int) -> str:
        if index not in self.nchw:
            self.nchw[index] = self.out.transpose(self.nhwc[index], _NCHW_FROM_NHWC)
        return self.nchw[index]

    def _in_nhwc(self, index: int) -> str:
        if index in self.constants and index not in self.nhwc:
            self.nhwc[index] = self.out.constant(self.constants[index], self._name(index))
        if index not in self.nhwc:
            self.nhwc[index] = self.out.transpose(self.nchw[index], _NHWC_FROM_NCHW)
        return self.nhwc[index]

    def _activated(self, tensor: str, operator: Operator) -> str:
        code = operator.options["FusedActivationFunction"]
        if code == _NONE:
            return tensor
        if code == _RELU:
            return self.out.add("Relu", [tensor])
        if code == _RELU6:
            low, high = (self.out.constant(np.array(end, np.float32)) for end in (0, 6))
            return self.out.add("Clip", [tensor, low, high])
        raise ModelError(f"fused activation {code} of {operator.kind} cannot be converted")

    # Builtin operators

    def _dequantize(self, operator: Operator) -> None:
        source = operator.inputs[0]
        if source not in self.constants or self.constants[source].dtype != np.float16:
            raise ModelError("only float16 constants are dequantized: the model is quantized")
        self.constants[operator.outputs[0]] = self.constants[source].astype(np.float32)

    def _convolution(self, operator: Operator) -> None:
        picture, weights, *bias = operator.inputs
        kernel, options = self.constants[weights], operator.options
        depthwise = operator.kind == "DEPTHWISE_CONV_2D"
        # depthwise [1, h, w, C] -> [C, 1, h, w], otherwise OHWI -> OIHW
        kernel_onnx = kernel.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        inputs = [self._in_nchw(picture), self.out.constant(kernel_onnx, "kernel")]
        inputs += [self.out.constant(self.constants[b], "bias") for b in bias if b >= 0]
        result = self.out.add(
            "Conv",
            inputs,
            self._name(operator.outputs[0]),
            kernel_shape=list(kernel.shape[1:3]),
            strides=[options["StrideH"], options["StrideW"]],
            dilations=[options["DilationHFactor"], options["DilationWFactor"]],
            pads=self._pads(picture, kernel.shape[1:3], options),
            group=self._shape(picture)[3] if depthwise else 1,
        )
        self.nchw[operator.outputs[0]] = self._activated(result, operator)

    def _pads(self, picture: int, kernel: tuple[int, ...], options: dict[str, Any]) -> list[int]:
        if options["Padding"] == _VALID:
            return [0, 0, 0, 0]
        _, height, width, _ = self._shape(picture)
        top, bottom = same_padding(
            height, kernel[0], options["StrideH"], options.get("DilationHFactor", 1)
        )
        left, right = same_padding(
            width, kernel[1], options["StrideW"], options.get("DilationWFactor", 1)
        )
        return [top, left, bottom, right]

    def _max_pool(self, operator: Operator) -> None:
        options = operator.options
        kernel = (options["FilterHeight"], options["FilterWidth"])
        result = self.out.add(
            "MaxPool",
            [self._in_nchw(operator.inputs[0])],
            self._name(operator.outputs[0]),
            kernel_shape=list(kernel),
            strides=[options["StrideH"], options["StrideW"]],
            pads=self._pads(operator.inputs[0], kernel, options),
        )
        self.nchw[operator.outputs[0]] = self._activated(result, operator)

    def _relu(self, operator: Operator) -> None:
        picture = self._in_nchw(operator.inputs[0])
        self.nchw[operator.outputs[0]] = self.out.add("Relu", [picture])

    def _prelu(self, operator: Operator) -> None:
        picture, slope = operator.inputs
        per_channel = self.constants[slope].reshape(-1, 1, 1)  # [1, 1, C] -> [C, 1, 1]
        self.nchw[operator.outputs[0]] = self.out.add(
            "PRelu", [self._in_nchw(picture), self.out.constant(per_channel, "slope")]
        )

    def _logistic(self, operator: Operator) -> None:
        value = self._in_nhwc(operator.inputs[0])
        self.nhwc[operator.outputs[0]] = self.out.add("Sigmoid", [value])

    def _elementwise(self, operator: Operator) -> None:
        kind = {"ADD": "Add", "MUL": "Mul"}[operator.kind]
        pictures = all(i in self.nchw for i in operator.inputs)
        inputs = [self._in_nchw(i) if pictures else self._in_nhwc(i) for i in operator.inputs]
        result = self._activated(self.out.add(kind, inputs), operator)
        (self.nchw if pictures else self.nhwc)[operator.outputs[0]] = result

    def _pad(self, operator: Operator) -> None:
        picture, amounts = operator.inputs
        per_axis = self.constants[amounts][list(_NCHW_FROM_NHWC)]  # (axis, before/after)
        pads = self.out.ints([int(n) for n in per_axis.T.ravel()])  # all begins, then all ends
        self.nchw[operator.outputs[0]] = self.out.add("Pad", [self._in_nchw(picture), pads])

    def _reshape(self, operator: Operator) -> None:
        shape = self.out.ints([-1, *self._shape(operator.outputs[0])[1:]])
        self.nhwc[operator.outputs[0]] = self.out.add(
            "Reshape", [self._in_nhwc(operator.inputs[0]), shape]
        )

    def _concatenation(self, operator: Operator) -> None:
        inputs = [self._in_nhwc(i) for i in operator.inputs]
        result = self.out.add("Concat", inputs, axis=operator.options["Axis"])
        self.nhwc[operator.outputs[0]] = self._activated(result, operator)

    def _identity_slice(self, operator: Operator) -> None:
        source, target = operator.inputs[0], operator.outputs[0]
        if self._shape(source) != self._shape(target):
            raise ModelError("STRIDED_SLICE that drops elements cannot be converted to ONNX")
        self.nhwc[target] = self._in_nhwc(source)

    def _mean(self, operator: Operator) -> None:
        picture, axes = operator.inputs
        if sorted(self.constants[axes].ravel().tolist()) != [1, 2] or operator.options["KeepDims"]:
            raise ModelError("MEAN other than over rows and columns cannot be converted to ONNX")
        self.nhwc[operator.outputs[0]] = self.out.add(
            "ReduceMean", [self._in_nchw(picture)], axes=[2, 3], keepdims=0
        )

    def _fully_connected(self, operator: Operator) -> None:
        vector, weights, *bias = operator.inputs
        if len(self._shape(vector)) != 2:
            raise ModelError("FULLY_CONNECTED of other than vectors cannot be converted to ONNX")
        inputs = [self._in_nhwc(vector), self.out.constant(self.constants[weights], "weights")]
        inputs += [self.out.constant(self.constants[b], "bias") for b in bias if b >= 0]
        result = self.out.add("Gemm", inputs, transB=1)
        self.nhwc[operator.outputs[0]] = self._activated(result, operator)

    def _resize(self, operator: Operator) -> None:
        picture = operator.inputs[0]
        if operator.options["AlignCorners"] or not operator.options["HalfPixelCenters"]:
            raise ModelError("RESIZE_BILINEAR of other than pixel centres cannot be converted")
        before, after = self._shape(picture)[1:3], self._shape(operator.outputs[0])[1:3]
        grown = [new // old for new, old in zip(after, before, strict=True)]
        if [one * old for one, old in zip(grown, before, strict=True)] != list(after):
            raise ModelError("RESIZE_BILINEAR by no whole number cannot be converted to ONNX")
        scales = self.out.constant(np.array([1, 1, *grown], np.float32), "scales")
        self.nchw[operator.outputs[0]] = self.out.add(
            "Resize",
            [self._in_nchw(picture), "", scales],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    # Custom operators

    def _landmarks_to_transform(self, operator: Operator) -> None:
        self.nhwc[operator.outputs[0]] = face.landmarks_to_transform(
            self.out, self._in_nhwc(operator.inputs[0]), operator.options
        )

    def _transform_tensor(self, operator: Operator) -> None:
        picture, matrix = operator.inputs
        self.nchw[operator.outputs[0]] = face.transform_tensor(
            self.out,
            self._in_nchw(picture),
            self._shape(picture),
            self._in_nhwc(matrix),
            operator.options,
        )

    def _transform_landmarks(self, operator: Operator) -> None:
        landmarks, matrix = operator.inputs
        self.nhwc[operator.outputs[0]] = face.transform_landmarks(
            self.out, self._in_nhwc(landmarks), self._in_nhwc(matrix)
        )
