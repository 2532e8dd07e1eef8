"""What a stage asks of a network: the names and shapes of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

Shape = tuple[int | str, ...]
"""Sizes, and names for those that are free."""


@attrs.frozen
class Contract:
    """Every input of the network, and the outputs that are read; all are float32.

    what: the kind of network, for messages: ``face detector``.
    remedy: where the right one comes from: ``LoadNetwork(name="face-detector")``.
    """

    what: str
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    remedy: str

    def admits(self, session: Any) -> bool:
        """Whether an onnxruntime session has these inputs, and at least these outputs."""
        inputs = {one.name: one for one in session.get_inputs()}
        outputs = {one.name: one for one in session.get_outputs()}
        return (
            set(inputs) == set(self.inputs)
            and set(outputs) >= set(self.outputs)
            and all(_fits(inputs[name], shape) for name, shape in self.inputs.items())
            and all(_fits(outputs[name], shape) for name, shape in self.outputs.items())
        )

    def __str__(self) -> str:
        return f"{_listed(self.inputs.items())} -> {_listed(self.outputs.items())}"


def described(session: Any) -> str:
    """Inputs and outputs of an onnxruntime session, written as a contract is."""

    def tensors(nodes: Any) -> Iterable[tuple[str, Any]]:
        for one in nodes:
            kind = one.type.removeprefix("tensor(").removesuffix(")")
            yield one.name if kind == "float" else f"{kind} {one.name}", one.shape

    return f"{_listed(tensors(session.get_inputs()))} -> {_listed(tensors(session.get_outputs()))}"


def _fits(tensor: Any, wanted: Shape) -> bool:
    """Whether a tensor is float32 and its shape, as far as it is fixed, is the wanted one."""
    if tensor.type != "tensor(float)" or len(tensor.shape) != len(wanted):
        return False
    pairs = zip(tensor.shape, wanted, strict=True)
    fixed = [(has, size) for has, size in pairs if isinstance(has, int) and isinstance(size, int)]
    return all(has == size for has, size in fixed)


def _listed(tensors: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name} ({', '.join(map(_size, shape))})" for name, shape in tensors)


def _size(size: Any) -> str:
    return "?" if size is None else str(size)
