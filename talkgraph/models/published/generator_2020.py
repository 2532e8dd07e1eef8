"""The generator of Yi et al. 2020 (section 3.4): a U-Net whose norms take their statistics from
the identity feature (AdaIN), with two last convolutions for colour and attention.

Widths double from `width` (64 as published) up to eight times that. The decoder's layer d(k) takes
[d(k-1), e(9-k)]. Encoder activations are leaky ReLUs in front of the convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkgraph.models.layers import EPSILON, Layers, Weights
from talkgraph.models.published.checkpoint import Shapes, checked, layer, width_of

WHAT = "the generator of Yi et al. 2020"
SIDE, WINDOW, IDENTITY = 256, 3, 512
FACTS = {
    "kind": "refiner",
    "size": str(SIDE),
    "window": "RGB of frames t-2, t-1, t in [-1, 1]",
    "outputs": "colour in [-1, 1], attention in [0, 1]; o = A r + (1 - A) C",
    "identity": "of each frame, of length 1",
}
DOWN, UP = range(2, 9), range(1, 9)


def widths(width: int) -> tuple[dict[int, int], dict[int, int]]:
    """Output channels of e1 ... e8 and of d1 ... d8."""
    down = {k: width * min(2 ** (k - 1), 8) for k in range(1, 9)}
    return down, {k: down[8 - k] if k < 8 else width for k in UP}


def styled(width: int) -> list[tuple[str, int]]:
    """The layers with AdaIN and their channels, in the order of the identity's parameters."""
    down, up = widths(width)
    return [(f"e{k}", down[k]) for k in DOWN if k < 8] + [(f"d{k}", up[k]) for k in UP]


def shapes(width: int, identity: int = IDENTITY) -> Shapes:
    """The names of the state dict that say something, and their shapes."""
    down, up = widths(width)
    found = dict(layer("e1", width, 3 * WINDOW, 4, 4, bias=width))
    for k in DOWN:
        found |= layer(f"e{k}.conv", down[k], down[k - 1], 4, 4, bias=down[k])
    for k in UP:
        inner = down[8] if k == 1 else 2 * up[k - 1]
        found |= layer(f"d{k}.deconv", inner, up[k], 4, 4, bias=up[k])
    found |= layer("d8.img_reg.0", 3, width, 7, 7, bias=3)
    found |= layer("d8.attention_reg.0", 1, width, 7, 7, bias=1)
    count = 2 * sum(channels for _, channels in styled(width))
    for at, inner in ((0, identity), (2, count), (4, count)):
        found |= layer(f"mlp.model.{at}", count, inner, bias=count)
    return found


def repeated(name: str) -> bool:
    """Whether it is a second name of a weight, or a statistic that AdaIN does not use."""
    return ".body." in name


def build(weights: Weights, facts: Mapping[str, str]) -> Any:
    """Return the `onnx.ModelProto`.

    Inputs ``window``: `[shape=(n, 9, 256, 256), float32]` in [-1, 1], newest last; ``identity``:
    `[shape=(n, 512), float32]`. Outputs ``colour``: `[shape=(n, 3, 256, 256)]`, ``attention``:
    `[shape=(n, 1, 256, 256)]`.
    A network of another width, or of another length of identity, is built too.

    Raises:
        ModelError: `weights` are not those of such a generator.
    """
    width = width_of(weights, "e1.weight", WHAT)
    first = weights.get("mlp.model.0.weight")
    length = IDENTITY if first is None or first.ndim != 2 else first.shape[1]
    net = Layers(checked(weights, shapes(width, length), WHAT, repeated), WHAT)
    out = net.out
    names = ("window", "identity", "colour", "attention")
    window, identity, colour, attention = (out.fresh(name) for name in names)
    styles = _styles(net, width, identity)

    def adain(name: str, x: str) -> str:
        mean, gain = styles[name]
        return out.add("Add", [out.add("Mul", [normalised(net, x, channels[name]), gain]), mean])

    channels = dict(styled(width))
    x = net.convolution("e1", window, stride=2, pad=1)
    skips = [x]
    for k in DOWN:
        x = net.convolution(f"e{k}.conv", net.leaky(x), stride=2, pad=1)
        if k < 8:
            x = adain(f"e{k}", x)
            skips.append(x)
    for k in UP:
        if k > 1:
            x = out.add("Concat", [x, skips.pop()], axis=1)
        x = net.transposed_convolution(f"d{k}.deconv", net.relu(x), stride=2, pad=1)
        x = adain(f"d{k}", x)
    heads(net, net.relu(x), colour, attention, prefix="d8.")
    return out.model(
        [(window, ("n", 3 * WINDOW, SIDE, SIDE)), (identity, ("n", length))],
        [(colour, ("n", 3, SIDE, SIDE)), (attention, ("n", 1, SIDE, SIDE))],
        {**facts, **FACTS},
    )


def normalised(net: Layers, x: str, channels: int) -> str:
    """Every channel of every picture with mean 0 and deviation 1."""
    import numpy as np

    unit = [net.out.constant(np.full(channels, v, np.float32), "unit") for v in (1, 0)]
    return net.out.add("InstanceNormalization", [x, *unit], epsilon=EPSILON)


def heads(net: Layers, x: str, colour: str, attention: str, prefix: str) -> None:
    """The two last convolutions, side by side."""
    out = net.out
    drawn = net.convolution(f"{prefix}img_reg.0", x, pad=3)
    seen = net.convolution(f"{prefix}attention_reg.0", x, pad=3)
    out.name(out.add("Tanh", [drawn]), colour)
    out.name(out.add("Sigmoid", [seen]), attention)


def _styles(net: Layers, width: int, identity: str) -> dict[str, tuple[str, str]]:
    """Mean and gain of each layer with AdaIN, `(n, channels, 1, 1)`."""
    out = net.out
    x = net.relu(net.linear("mlp.model.0", identity))
    x = net.relu(net.linear("mlp.model.2", x))
    x = net.linear("mlp.model.4", x)
    layers = styled(width)
    sizes = [channels for _, channels in layers for _ in ("mean", "gain")]
    parts = out.add_many("Split", [x, out.ints(sizes)], len(sizes), "style", axis=1)
    flat = out.ints([2, 3])
    tall = [out.add("Unsqueeze", [part, flat]) for part in parts]
    pairs = zip(tall[::2], tall[1::2], strict=True)
    return {name: pair for (name, _), pair in zip(layers, pairs, strict=True)}
