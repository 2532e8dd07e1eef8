"""Grow an ONNX graph node by node: names, constants, layout of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17  # GridSample needs 16
IR_VERSION = 8  # the lowest that opset 17 needs: old onnxruntime versions read it


class OnnxWriter:
    """Collects nodes and constants; every method returns the name of the tensor it made."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._names: set[str] = set()

    def fresh(self, hint: str) -> str:
        """A tensor name that is not taken yet, made from `hint`."""
        name, number = hint, 1
        while name in self._names:
            name, number = f"{hint}_{number}", number + 1
        self._names.add(name)
        return name

    def constant(self, array: NDArray[Any], hint: str = "constant") -> str:
        """Add `array` as an initializer."""
        from onnx import numpy_helper

        name = self.fresh(hint)
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def add(self, kind: str, inputs: Sequence[str], hint: str = "", **attributes: Any) -> str:
        """Add one node of type `kind` with one output."""
        (output,) = self.add_many(kind, inputs, 1, hint, **attributes)
        return output

    def add_many(
        self, kind: str, inputs: Sequence[str], count: int, hint: str = "", **attributes: Any
    ) -> list[str]:
        """Add one node of type `kind` with its first `count` outputs."""
        from onnx import helper

        outputs = [self.fresh(hint or kind.lower()) for _ in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs

    def name(self, tensor: str, name: str) -> None:
        """Give `tensor` a second name, reserved before with `fresh`."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [tensor], [name]))

    def transpose(self, tensor: str, order: Sequence[int]) -> str:
        """Permute the axes of `tensor`."""
        return self.add("Transpose", [tensor], f"{tensor}_t", perm=list(order))

    def ints(self, values: Sequence[int]) -> str:
        """A constant list of int64."""
        return self.constant(np.array(values, np.int64), "ints")

    def model(
        self,
        inputs: Sequence[tuple[str, Sequence[int | str]]],
        outputs: Sequence[tuple[str, Sequence[int | str]]],
        facts: dict[str, str],
    ) -> Any:
        """Finish: a checked `onnx.ModelProto` of float32 inputs and outputs (name, shape)."""
        import onnx
        from onnx import TensorProto, helper

        def info(tensors: Sequence[tuple[str, Sequence[int | str]]]) -> list[Any]:
            return [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
                for name, shape in tensors
            ]

        graph = helper.make_graph(
            self.nodes, "network", info(inputs), info(outputs), initializer=self.constants
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="talkgraph",
        )
        helper.set_model_props(model, facts)
        onnx.checker.check_model(model, full_check=True)
        return model
