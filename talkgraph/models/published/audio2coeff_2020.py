"""The mapping of Yi et al. 2020, eq. (1), as published: an encoder of 28 x 12 windows of MFCC and
an LSTM of three layers.

It gives the coefficients of BFM 2009 with the expressions of FaceWarehouse, absolute ones, and the
place of the head for a camera 10 units away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from talkgraph.models.layers import Layers, Weights
from talkgraph.models.published.checkpoint import Shapes, checked, counts_batches, layer, norm

WHAT = "the mapping (audio2coeff) of Yi et al. 2020"
KIND = "speech-to-coefficients mapping"
FACTS = {"kind": KIND, "feature": "mfcc", "fps": "25"}
ROWS, BINS, EXPRESSION, POSE = 28, 12, 64, 6
HIDDEN, DEPTH, INNER = 256, 3, 2048
FLAT = 12288  # numbers that the convolutions leave of a window
NEARER = 0.5  # the network gives the last number of the translation less this
_BLOCKS = {0: (1, 64), 1: (64, 128), 3: (128, 256), 4: (256, 256), 5: (256, 512)}  # by place
_POOLED = {1: (1, 2), 5: (2, 2)}  # strides of the pooling behind a block


def shapes() -> Shapes:
    """The names of the state dict and their shapes."""
    found: dict[str, tuple[int, ...]] = {}
    for at, (inner, outer) in _BLOCKS.items():
        found |= layer(f"audio_eocder.{at}.0", outer, inner, 3, 3)
        found |= norm(f"audio_eocder.{at}.1", outer)
    found |= layer("audio_eocder_fc.0", INNER, FLAT, bias=INNER)
    found |= layer("audio_eocder_fc.2", HIDDEN, INNER, bias=HIDDEN)
    for number in range(DEPTH):
        for part in ("ih", "hh"):
            found[f"lstm.weight_{part}_l{number}"] = (4 * HIDDEN, HIDDEN)
            found[f"lstm.bias_{part}_l{number}"] = (4 * HIDDEN,)
    return found | layer("lstm_fc.0", EXPRESSION + POSE, HIDDEN, bias=EXPRESSION + POSE)


def build(weights: Weights, facts: Mapping[str, str]) -> Any:
    """Return the `onnx.ModelProto`.

    Inputs ``features``: `[shape=(n, frames, 28, 12), float32]`, MFCC as they are; ``h``, ``c``:
    `[shape=(3, n, 256), float32]`, zeros at first. Outputs ``expression (n, frames, 64)``, ``pose
    (n, frames, 6)``: pitch, yaw, roll, translation, and ``h_next``, ``c_next``.

    Raises:
        ModelError: `weights` are not those of such a mapping.
    """
    net = Layers(checked(weights, shapes(), WHAT, counts_batches), WHAT)
    out = net.out
    names = ("features", "h", "c", "expression", "pose", "h_next", "c_next")
    features, h, c, expression, pose, *later = (out.fresh(name) for name in names)
    x = out.add("Reshape", [features, out.ints([-1, 1, ROWS, BINS])])
    for at in _BLOCKS:
        x = net.convolution(f"audio_eocder.{at}.0", x, pad=1)
        x = net.relu(net.norm(f"audio_eocder.{at}.1", x))
        if at in _POOLED:
            x = out.add("MaxPool", [x], kernel_shape=[3, 3], strides=list(_POOLED[at]))
    x = net.relu(net.linear("audio_eocder_fc.0", out.add("Flatten", [x])))
    x = net.relu(net.linear("audio_eocder_fc.2", x))
    size = out.add("Slice", [out.add("Shape", [features]), out.ints([0]), out.ints([2])])
    x = out.add("Reshape", [x, out.add("Concat", [size, out.ints([HIDDEN])], axis=0)])
    x, hidden, cell = net.lstm("lstm", x, (h, c))
    for name, states in zip(later, (hidden, cell), strict=True):
        tall = [out.add("Unsqueeze", [state, out.ints([0])]) for state in states]
        out.name(out.add("Concat", tall, axis=0), name)
    x = net.linear("lstm_fc.0", out.add("Reshape", [x, out.ints([-1, HIDDEN])]))
    x = out.add("Reshape", [x, out.add("Concat", [size, out.ints([EXPRESSION + POSE])], axis=0)])
    sizes = out.ints([EXPRESSION, POSE])
    face, head = out.add_many("Split", [x, sizes], 2, "coefficients", axis=2)
    offset = np.zeros(POSE, np.float32)
    offset[-1] = NEARER
    out.name(face, expression)
    out.name(out.add("Add", [head, out.constant(offset, "offset")]), pose)
    state = (DEPTH, "n", HIDDEN)
    return out.model(
        [(features, ("n", "frames", ROWS, BINS)), (h, state), (c, state)],
        [(expression, ("n", "frames", EXPRESSION)), (pose, ("n", "frames", POSE)),
         *((name, state) for name in later)],
        {**facts, **FACTS},
    )  # fmt: skip
