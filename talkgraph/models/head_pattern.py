"""Build the two networks of Yi et al. 2022 as ONNX from their weights, ours or the published ones.

The encoder makes a motion behaviour pattern of a head motion: an LSTM, whose final states go
through fully connected layers. The decoder makes a head motion of speech features and a pattern: an
LSTM over feature rows, a strided convolution that gathers the rows of each video frame, and
convolutions over frames, to which the pattern is appended. Names of weights are those of the
published networks' state dicts; widths and numbers of layers are read off the weights.

Two weights more, which the published networks do not have: `pose_scale`, the unit in which a pose
enters the encoder and leaves the decoder, and `feature_scale`, that of the features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkgraph.models.layers import Layers, Weights

ENCODER, DECODER = "head pattern encoder", "head pattern decoder"
PUBLISHED_STRIDE = 4  # feature rows, of 10 ms, per video frame
PUBLISHED_FACTS = {"pose": "head", "fps": "25", "feature": "mfcc"}
"""Poses enter and leave as they are; the features are raw, the zeroth coefficient among them."""

_POSE = 6


def build_encoder(weights: Weights, facts: Mapping[str, str]) -> Any:
    """Return the `onnx.ModelProto`.

    Input ``pose``: `[shape=(n, frames, 6), float32]`.
    Output ``pattern``: `[shape=(n, 10), float32]`.

    Raises:
        ModelError: `weights` are not those of such an encoder.
    """
    net = _Network(weights, "this network of Yi et al. 2022")
    out = net.out
    pose, pattern = out.fresh("pose"), out.fresh("pattern")
    x = out.add("Div", [pose, net.weight("pose_scale")]) if net.has("pose_scale") else pose
    _, hidden, cell = net.lstm("pose_lstm", x)
    x = out.add("Concat", [*hidden, *cell], "final_state", axis=1)
    depth = 0
    while net.has(f"fc.{depth}.fc.0.weight"):
        x = out.add("Relu", [net.linear(f"fc.{depth}.fc.0", x)])
        depth += 1
    width = len(net.array(f"fc.{depth}.bias", axes=1))
    out.name(net.linear(f"fc.{depth}", x), pattern)
    return out.model(
        [(pose, ("n", "frames", _POSE))],
        [(pattern, ("n", width))],
        {**facts, "kind": ENCODER},
    )


def build_decoder(weights: Weights, facts: Mapping[str, str], stride: int = 4) -> Any:
    """Return the `onnx.ModelProto`.

    Inputs ``features``: `[shape=(n, rows, bins), float32]`; ``pattern``: `[shape=(n, 10)]`.
    Output ``pose``: `[shape=(n, frames, 6), float32]`, a frame for every `stride` rows from which
    as many rows on as a window has are there.

    Args:
        stride: feature rows per video frame.

    Raises:
        ModelError: `weights` are not those of such a decoder.
    """
    net = _Network(weights, "this network of Yi et al. 2022")
    out = net.out
    features, pattern, pose = (out.fresh(name) for name in ("features", "pattern", "pose"))
    bins = net.array("audio_lstm.weight_ih_l0", axes=2).shape[1]
    gather = net.array("audio_frame_gather.weight", axes=3)
    width = net.array("sfc.0.fc.0.weight", axes=3).shape[1] - len(gather)
    x = features
    if net.has("feature_scale"):
        x = out.add("Div", [x, net.weight("feature_scale")])
    x, _, _ = net.lstm("audio_lstm", x)
    x = out.transpose(x, (0, 2, 1))
    x = net.along_time("audio_frame_gather", x, stride=stride)
    x = out.add("Concat", [x, net.repeated(pattern, x)], axis=1)
    depth = 0
    while net.has(f"sfc.{depth}.fc.0.weight"):
        x = net.norm(f"sfc.{depth}.fc.1", net.along_time(f"sfc.{depth}.fc.0", x))
        x = out.add("Relu", [x])
        depth += 1
    x = out.transpose(net.along_time(f"sfc.{depth}", x), (0, 2, 1))
    if net.has("pose_scale"):
        x = out.add("Mul", [x, net.weight("pose_scale")])
    out.name(x, pose)
    made = {"kind": DECODER, "rows": str(gather.shape[2]), "stride": str(stride)}
    return out.model(
        [(features, ("n", "rows", bins)), (pattern, ("n", width))],
        [(pose, ("n", "frames", _POSE))],
        {**facts, **made},
    )


def published_encoder(weights: Weights, facts: Mapping[str, str]) -> Any:
    """The encoder that Yi et al. 2022 publish, as `build_encoder`."""
    return build_encoder(weights, {**facts, **PUBLISHED_FACTS})


def published_decoder(weights: Weights, facts: Mapping[str, str]) -> Any:
    """The decoder that Yi et al. 2022 publish, as `build_decoder`."""
    return build_decoder(weights, {**facts, **PUBLISHED_FACTS}, PUBLISHED_STRIDE)


class _Network(Layers):
    """Those of networks over time."""

    def along_time(self, name: str, x: str, stride: int = 0) -> str:
        """A convolution: with a stride without padding, without one as long as before."""
        kernel = self.array(f"{name}.weight", axes=3).shape[2]
        pad = 0 if stride else kernel // 2
        given = [x, self.weight(f"{name}.weight", axes=3), self.weight(f"{name}.bias")]
        return self.out.add(
            "Conv", given, kernel_shape=[kernel], strides=[stride or 1], pads=[pad, pad]
        )

    def repeated(self, vector: str, x: str) -> str:
        """`vector (n, width)` at every step of `x (n, channels, steps)`."""
        out = self.out
        steps = out.add("Slice", [out.add("Shape", [x]), out.ints([2]), out.ints([3])])
        shape = out.add("Concat", [out.ints([1, 1]), steps], axis=0)
        return out.add("Expand", [out.add("Unsqueeze", [vector, out.ints([2])]), shape])
