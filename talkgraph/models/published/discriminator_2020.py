"""The discriminator of Yi et al. 2020: a PatchGAN of 70 x 70 px with batch norms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkgraph.models.layers import Layers, Weights
from talkgraph.models.published.checkpoint import (
    Shapes,
    checked,
    counts_batches,
    layer,
    norm,
    width_of,
)

WHAT = "the discriminator of Yi et al. 2020"
KIND = "refiner's discriminator"
SIDE, CHANNELS, LOGITS = 256, 12, 30
STRIDES = {2: 2, 5: 2, 8: 1}  # of the layers with a norm, by their place


def shapes(width: int) -> Shapes:
    """The names of the state dict and their shapes."""
    found = dict(layer("model.0", width, CHANNELS, 4, 4, bias=width))
    for number, at in enumerate(STRIDES):
        found |= layer(f"model.{at}", width * 2 ** (number + 1), width * 2**number, 4, 4)
        found |= norm(f"model.{at + 1}", width * 2 ** (number + 1))
    return found | layer("model.11", 1, 8 * width, 4, 4, bias=1)


def build(weights: Weights, facts: Mapping[str, str]) -> Any:
    """Return the `onnx.ModelProto`.

    Inputs ``window``: `[shape=(n, 9, 256, 256), float32]`, ``checked``: `[shape=(n, 3, 256, 256)]`,
    the frame that is judged. Output ``logits (n, 1, 30, 30)``.

    Raises:
        ModelError: `weights` are not those of such a discriminator.
    """
    width = width_of(weights, "model.0.weight", WHAT)
    net = Layers(checked(weights, shapes(width), WHAT, counts_batches), WHAT)
    out = net.out
    window, judged, logits = (out.fresh(name) for name in ("window", "checked", "logits"))
    x = out.add("Concat", [window, judged], axis=1)
    x = net.leaky(net.convolution("model.0", x, stride=2, pad=1))
    for at, stride in STRIDES.items():
        x = net.convolution(f"model.{at}", x, stride=stride, pad=1)
        x = net.leaky(net.norm(f"model.{at + 1}", x))
    out.name(net.convolution("model.11", x, pad=1), logits)
    return out.model(
        [(window, ("n", CHANNELS - 3, SIDE, SIDE)), (judged, ("n", 3, SIDE, SIDE))],
        [(logits, ("n", 1, LOGITS, LOGITS))],
        {**facts, "kind": KIND, "size": str(SIDE)},
    )
