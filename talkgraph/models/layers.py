"""Layers of networks in ONNX, grown from their weights by the names of a state dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.models.onnx_writer import OnnxWriter

EPSILON = 1e-5  # of norms, unless they say another
LEAK = 0.2  # slope of the leaky ReLU below zero, as image-to-image networks have it

Weights = Mapping[str, NDArray[Any]]


class Layers:
    """Adds layers to a graph; a layer takes and returns the name of a tensor.

    Args:
        weights: the state dict; constants of the graph keep its names.
        what: the network, for messages.
    """

    def __init__(self, weights: Weights, what: str) -> None:
        self.out = OnnxWriter()
        self._weights = weights
        self._what = what

    def convolution(
        self, name: str, x: str, *, stride: int = 1, pad: int | Sequence[int] = 0, groups: int = 1
    ) -> str:
        """Over pictures `(n, channels, H, W)`; `pad` on every side, or top, left, bottom, right."""
        kernel = list(self.array(f"{name}.weight", axes=4).shape[2:])
        pads = [pad] * 4 if isinstance(pad, int) else list(pad)
        shape: dict[str, Any] = {
            "kernel_shape": kernel,
            "strides": [stride] * 2,
            "pads": pads,
            "group": groups,
        }
        return self.out.add("Conv", [x, *self._pair(name, axes=4)], **shape)

    def transposed_convolution(self, name: str, x: str, *, stride: int, pad: int) -> str:
        """The reverse of a strided convolution, with torch's order of weights."""
        kernel = list(self.array(f"{name}.weight", axes=4).shape[2:])
        shape: dict[str, Any] = {"kernel_shape": kernel, "strides": [stride] * 2, "pads": [pad] * 4}
        return self.out.add("ConvTranspose", [x, *self._pair(name, axes=4)], **shape)

    def linear(self, name: str, x: str) -> str:
        """Of rows `(n, width)`."""
        return self.out.add("Gemm", [x, *self._pair(name, axes=2)], transB=1)

    def norm(self, name: str, x: str, epsilon: float = EPSILON) -> str:
        """Batch normalisation with its running statistics."""
        parts = ("weight", "bias", "running_mean", "running_var")
        given = [x, *(self.weight(f"{name}.{part}") for part in parts)]
        return self.out.add("BatchNormalization", given, epsilon=epsilon)

    def leaky(self, x: str) -> str:
        """Leaky ReLU."""
        return self.out.add("LeakyRelu", [x], alpha=LEAK)

    def relu(self, x: str) -> str:
        """The positive part."""
        return self.out.add("Relu", [x])

    def lstm(
        self, name: str, x: str, state: tuple[str, str] | None = None
    ) -> tuple[str, list[str], list[str]]:
        """All layers over `x (n, time, width)`: the last one's output, and every final h and c.

        Args:
            state: h and c `(layers, n, width)` before the first step; None: zeros.
        """
        out = self.out
        x = out.transpose(x, (1, 0, 2))
        hidden, cell = [], []
        layer = 0
        while layer == 0 or self.has(f"{name}.weight_ih_l{layer}"):
            size = self.array(f"{name}.weight_hh_l{layer}", axes=2).shape[1]
            matrices = [self._gates(f"{name}.weight_{p}_l{layer}", axes=2) for p in ("ih", "hh")]
            biases = [self._gates(f"{name}.bias_{p}_l{layer}", axes=1) for p in ("ih", "hh")]
            constants = [*matrices, np.concatenate(biases)]
            given = [x, *(out.constant(one[None], f"{name}_{layer}") for one in constants)]
            if state is not None:
                bounds = out.ints([layer]), out.ints([layer + 1])
                given += ["", *(out.add("Slice", [part, *bounds]) for part in state)]
            every, h, c = out.add_many("LSTM", given, 3, hidden_size=size)
            first = out.ints([0])
            hidden.append(out.add("Squeeze", [h, first]))
            cell.append(out.add("Squeeze", [c, first]))
            x = out.add("Squeeze", [every, out.ints([1])])
            layer += 1
        return out.transpose(x, (1, 0, 2)), hidden, cell

    def has(self, name: str) -> bool:
        """Whether there is such a weight."""
        return name in self._weights

    def weight(self, name: str, *, axes: int = 1) -> str:
        """A weight as a constant of the graph."""
        return self.out.constant(self.array(name, axes=axes), name)

    def array(self, name: str, *, axes: int) -> NDArray[np.float32]:
        """A weight itself.

        Raises:
            ModelError: there is none of that name, or it has another number of axes.
        """
        array = self._weights.get(name)
        if array is None or array.ndim != axes:
            raise ModelError(
                f"the weights are not those of {self._what}: '{name}' is missing or of another "
                "shape"
            )
        return np.asarray(array, np.float32)

    def _pair(self, name: str, *, axes: int) -> list[str]:
        """Weight, and bias where there is one."""
        bias = [self.weight(f"{name}.bias")] if self.has(f"{name}.bias") else []
        return [self.weight(f"{name}.weight", axes=axes), *bias]

    def _gates(self, name: str, *, axes: int) -> NDArray[np.float32]:
        """ONNX has the gates in the order i, o, f, c, torch in the order i, f, c, o."""
        i, f, c, o = np.split(self.array(name, axes=axes), 4)
        return np.concatenate([i, o, f, c])
