"""The generator of Yi et al. 2022: the U-Net of `generator_2020` with batch norms and without an
identity feature.

The published test leaves it in training mode, so that a norm takes the statistics of the one
picture that it is given; so does this one. (Dropout, which is on there too, is left out.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkgraph.models.layers import EPSILON, Layers, Weights
from talkgraph.models.published.checkpoint import (
    Shapes,
    checked,
    counts_batches,
    layer,
    norm,
    width_of,
)
from talkgraph.models.published.generator_2020 import FACTS, SIDE, WINDOW, heads, widths

WHAT = "the generator of Yi et al. 2022"
LEVELS = 8


def _names(level: int) -> tuple[str, str, str, str]:
    """Convolution and its norm, transposed convolution and its norm; the last level has no first
    norm, the first level none either."""
    if level == 1:
        return "model.model.0", "", "model.model.3", "model.model.4"
    at = "model.model.1.model." + "3.model." * (level - 2)
    if level == LEVELS:
        return f"{at}1", "", f"{at}3", f"{at}4"
    return f"{at}1", f"{at}2", f"{at}5", f"{at}6"


def shapes(width: int) -> Shapes:
    """The names of the state dict and their shapes."""
    down, _ = widths(width)
    found: dict[str, tuple[int, ...]] = {}
    for level in range(1, LEVELS + 1):
        conv, first, deconv, second = _names(level)
        before = 3 * WINDOW if level == 1 else down[level - 1]
        after = width if level == 1 else down[level - 1]
        inner = down[level] * (1 if level == LEVELS else 2)
        found |= layer(conv, down[level], before, 4, 4)
        found |= norm(first, down[level]) if first else {}
        found |= layer(deconv, inner, after, 4, 4, bias=after if level == 1 else 0)
        found |= norm(second, after)
    found |= layer("model.img_reg.0", 3, width, 7, 7, bias=3)
    return found | layer("model.attention_reg.0", 1, width, 7, 7, bias=1)


def build(weights: Weights, facts: Mapping[str, str], *, running: bool = False) -> Any:
    """Return the `onnx.ModelProto`.

    Input ``window``: `[shape=(n, 9, 256, 256), float32]` in [-1, 1], newest last. Outputs
    ``colour (n, 3, 256, 256)``, ``attention (n, 1, 256, 256)``.

    Args:
        running: normalise with the statistics of the training instead of the picture's own.

    Raises:
        ModelError: `weights` are not those of such a generator.
    """
    width = width_of(weights, "model.model.0.weight", WHAT)
    net = Layers(checked(weights, shapes(width), WHAT, counts_batches), WHAT)
    out = net.out
    window, colour, attention = (out.fresh(name) for name in ("window", "colour", "attention"))

    def normed(name: str, x: str) -> str:
        if running:
            return net.norm(name, x)
        affine = [net.weight(f"{name}.{part}") for part in ("weight", "bias")]
        return out.add("InstanceNormalization", [x, *affine], epsilon=EPSILON)

    x, skips = window, []
    for level in range(1, LEVELS + 1):
        conv, first, _, _ = _names(level)
        x = net.convolution(conv, x if level == 1 else net.leaky(x), stride=2, pad=1)
        x = normed(first, x) if first else x
        skips.append(x)
    x = skips.pop()
    for level in range(LEVELS, 0, -1):
        _, _, deconv, second = _names(level)
        x = normed(second, net.transposed_convolution(deconv, net.relu(x), stride=2, pad=1))
        if level > 1:
            x = out.add("Concat", [skips.pop(), x], axis=1)
    heads(net, net.relu(x), colour, attention, prefix="model.")
    kept = {key: value for key, value in FACTS.items() if key != "identity"}
    return out.model(
        [(window, ("n", 3 * WINDOW, SIDE, SIDE))],
        [(colour, ("n", 3, SIDE, SIDE)), (attention, ("n", 1, SIDE, SIDE))],
        {**facts, **kept},
    )
