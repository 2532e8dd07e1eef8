"""Build the lower half of Whisper's speech encoder as ONNX from its published weights.

Two convolutions and the first blocks of the transformer (Radford et al. 2022, section 2.2). The
lips are read best from the middle of the encoder: the upper blocks turn sounds into words.

The weights are stored in half precision, which is how they are published, and computed with in
single precision: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.models.onnx_writer import OnnxWriter

KIND = "speech encoder"
MELS = 80
_EPSILON = 1e-5  # of the layer norms

Weights = Mapping[str, NDArray[Any]]


def build(weights: Weights, blocks: int, facts: Mapping[str, str] | None = None) -> Any:
    """Return the `onnx.ModelProto`.

    Input ``mel``: `[shape=(n, 80, frames), float32]`, Whisper's log mel spectrogram, every 10 ms,
    at most 3000 frames (30 s).
    Output ``hidden``: `[shape=(n, ceil(frames / 2), width), float32]`, every 20 ms.

    Args:
        weights: the variables of the CTranslate2 file; what lies above is left out.
        blocks: how many blocks of the transformer are kept.

    Raises:
        ModelError: `weights` are not those of a Whisper encoder of so many blocks.
    """
    encoder = _Encoder(weights)
    out = encoder.out
    mel, hidden = out.fresh("mel"), out.fresh("hidden")
    x = encoder.convolution("encoder/conv1", mel, stride=1)
    x = out.transpose(encoder.convolution("encoder/conv2", x, stride=2), (0, 2, 1))
    x = encoder.with_positions(x)
    for block in range(blocks):
        x = encoder.attention(f"encoder/layer_{block}/self_attention", x)
        x = encoder.feed_forward(f"encoder/layer_{block}/ffn", x)
    out.name(x, hidden)
    made = {"kind": KIND, "width": str(encoder.width), "blocks": str(blocks)}
    return out.model(
        [(mel, ("n", MELS, "frames"))],
        [(hidden, ("n", "steps", encoder.width))],
        {**(facts or {}), **made},
    )


class _Encoder:
    """Adds the layers of one encoder to a graph; a layer takes and returns the name of a tensor."""

    def __init__(self, weights: Weights) -> None:
        self.out = OnnxWriter()
        self._weights = weights
        self.width = len(self._array("encoder/conv1/bias", axes=1))
        self._heads = int(self._array("encoder/num_heads", axes=0))
        if self._heads < 1 or self.width % self._heads:
            raise ModelError(f"{self.width} channels cannot be dealt to {self._heads} heads")

    def convolution(self, name: str, x: str, *, stride: int) -> str:
        kernel, bias = self._weight(f"{name}/weight", axes=3), self._weight(f"{name}/bias", axes=1)
        x = self.out.add("Conv", [x, kernel, bias], kernel_shape=[3], strides=[stride], pads=[1, 1])
        return self._gelu(x)

    def with_positions(self, x: str) -> str:
        """Add the code of the position, the same for every recording."""
        out = self.out
        positions = self._weight("encoder/position_encodings/encodings", axes=2)
        steps = out.add("Slice", [out.add("Shape", [x]), *map(out.ints, ([1], [2]))])
        return out.add("Add", [x, out.add("Slice", [positions, out.ints([0]), steps])])

    def attention(self, name: str, x: str) -> str:
        """x + attention of every step to all steps, in several heads."""
        out, heads, size = self.out, self._heads, self.width // self._heads
        joined = self._linear(f"{name}/linear_0", self._norm(name, x))
        split = out.add("Reshape", [joined, out.ints([0, 0, 3, heads, size])])
        query, key, value = (
            out.add("Gather", [split, out.constant(np.array(which), "which")], axis=2)
            for which in range(3)
        )
        scale = out.constant(np.array(size**-0.5, np.float32), "scale")
        query = out.add("Mul", [out.transpose(query, (0, 2, 1, 3)), scale])
        scores = out.add("MatMul", [query, out.transpose(key, (0, 2, 3, 1))])
        shares = out.add("Softmax", [scores], axis=-1)
        heard = out.add("MatMul", [shares, out.transpose(value, (0, 2, 1, 3))])
        heard = out.add("Reshape", [out.transpose(heard, (0, 2, 1, 3)), out.ints([0, 0, -1])])
        return out.add("Add", [x, self._linear(f"{name}/linear_1", heard)])

    def feed_forward(self, name: str, x: str) -> str:
        """x + a network of two layers at every step."""
        wide = self._gelu(self._linear(f"{name}/linear_0", self._norm(name, x)))
        return self.out.add("Add", [x, self._linear(f"{name}/linear_1", wide)])

    def _norm(self, name: str, x: str) -> str:
        gain = self._weight(f"{name}/layer_norm/gamma", axes=1)
        shift = self._weight(f"{name}/layer_norm/beta", axes=1)
        return self.out.add("LayerNormalization", [x, gain, shift], axis=-1, epsilon=_EPSILON)

    def _linear(self, name: str, x: str) -> str:
        weight = self.out.transpose(self._weight(f"{name}/weight", axes=2), (1, 0))
        product = self.out.add("MatMul", [x, weight])
        return self.out.add("Add", [product, self._weight(f"{name}/bias", axes=1)])

    def _gelu(self, x: str) -> str:
        """x times the standard normal distribution at x, exactly."""
        out = self.out
        scaled = out.add("Div", [x, out.constant(np.array(2**0.5, np.float32), "root")])
        risen = out.add("Add", [out.add("Erf", [scaled]), out.constant(np.ones((), np.float32))])
        half = out.constant(np.array(0.5, np.float32), "half")
        return out.add("Mul", [out.add("Mul", [x, risen]), half])

    def _weight(self, name: str, *, axes: int) -> str:
        """A constant, stored as it is published and used in single precision."""
        from onnx import TensorProto

        stored = self.out.constant(self._array(name, axes=axes), name)
        return self.out.add("Cast", [stored], to=TensorProto.FLOAT)

    def _array(self, name: str, *, axes: int) -> NDArray[Any]:
        array = self._weights.get(name)
        if array is None or array.ndim != axes:
            raise ModelError(
                f"the weights are not those of a Whisper encoder with so many blocks: "
                f"'{name}' is missing or of another shape"
            )
        return array
