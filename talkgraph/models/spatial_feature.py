"""Networks that describe a whole picture by one row of numbers, pretrained on ImageNet.

The spatial feature of the refiner's memory (Yi et al. 2020, section 3.4) is the 'pool5' of
ResNet-18: the mean over all places of the last convolution's output. EfficientNet-Lite0 gives a
like one where nobody brings that network.

All take the pictures of a refiner, `picture [shape=(n, 3, 256, 256), float32]` in [-1, 1], and give
`spatial [shape=(n, width), float32]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from talkgraph.models.layers import Layers, Weights
from talkgraph.models.published.checkpoint import Shapes, checked, counts_batches, layer, norm

KIND = "spatial feature"
SIDE = 256
RESNET = "a ResNet-18"
LITE = "an EfficientNet-Lite0"

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, in [0, 1]
_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # of ResNet-18: channels, stride; two blocks each
_LITE_BLOCKS = (  # kernel, stride, channels in, expanded, out
    (3, 1, 32, 32, 16), (3, 2, 16, 96, 24), (3, 1, 24, 144, 24), (5, 2, 24, 144, 40),
    (5, 1, 40, 240, 40), (3, 2, 40, 240, 80), (3, 1, 80, 480, 80), (3, 1, 80, 480, 80),
    (5, 1, 80, 480, 112), (5, 1, 112, 672, 112), (5, 1, 112, 672, 112), (5, 2, 112, 672, 192),
    (5, 1, 192, 1152, 192), (5, 1, 192, 1152, 192), (5, 1, 192, 1152, 192),
    (3, 1, 192, 1152, 320),
)  # fmt: skip
_LITE_WIDTH = 1280
_LITE_EPSILON = 1e-3  # of its norms, as TensorFlow has them
_LITE_MIDDLE, _LITE_RANGE = 127.0, 128.0  # of 0 ... 255


def resnet18(weights: Weights, facts: Mapping[str, str], prefix: str = "") -> Any:
    """The `onnx.ModelProto` of a ResNet-18 up to its pool5, 512 numbers.

    Args:
        prefix: of the names of the weights, which are torchvision's.

    Raises:
        ModelError: `weights` are not those of a ResNet-18.
    """
    net = resnet18_layers(weights, prefix)
    return finished(net, resnet18_pool5(net, prefix), facts, _STAGES[-1][0])


def resnet18_layers(weights: Weights, prefix: str = "", **extra: tuple[int, ...]) -> Layers:
    """The checked weights of a ResNet-18, and of what else is `extra`."""
    wanted = {prefix + name: shape for name, shape in resnet18_shapes().items()} | extra

    def unused(name: str) -> bool:
        return counts_batches(name) or name in (f"{prefix}fc.weight", f"{prefix}fc.bias")

    return Layers(checked(weights, wanted, RESNET, unused), RESNET)


def resnet18_shapes() -> Shapes:
    """Names and shapes of torchvision's state dict, without the classes."""
    found = {**layer("conv1", 64, 3, 7, 7), **norm("bn1", 64)}
    before = 64
    for number, (width, stride) in enumerate(_STAGES, start=1):
        for block in range(2):
            at = f"layer{number}.{block}"
            found |= {**layer(f"{at}.conv1", width, before, 3, 3), **norm(f"{at}.bn1", width)}
            found |= {**layer(f"{at}.conv2", width, width, 3, 3), **norm(f"{at}.bn2", width)}
            if block == 0 and (stride > 1 or before != width):
                found |= layer(f"{at}.downsample.0", width, before, 1, 1)
                found |= norm(f"{at}.downsample.1", width)
            before = width
    return found


def resnet18_pool5(net: Layers, prefix: str) -> str:
    """Its layers up to the last convolution, whose mean over all places is pool5."""
    out = net.out
    mean, deviation = np.array(_MEAN), np.array(_DEVIATION)
    x = _scaled(net, 0.5 / deviation, (0.5 - mean) / deviation)
    x = net.convolution(f"{prefix}conv1", x, stride=2, pad=3)
    x = net.relu(net.norm(f"{prefix}bn1", x))
    x = out.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for number, (_, stride) in enumerate(_STAGES, start=1):
        for block in range(2):
            at = f"{prefix}layer{number}.{block}"
            step = stride if block == 0 else 1
            y = net.convolution(f"{at}.conv1", x, stride=step, pad=1)
            y = net.relu(net.norm(f"{at}.bn1", y))
            y = net.norm(f"{at}.bn2", net.convolution(f"{at}.conv2", y, pad=1))
            if net.has(f"{at}.downsample.0.weight"):
                x = net.convolution(f"{at}.downsample.0", x, stride=step)
                x = net.norm(f"{at}.downsample.1", x)
            x = net.relu(out.add("Add", [x, y]))
    return x


def lite_shapes() -> Shapes:
    """Names and shapes of the published state dict of EfficientNet-Lite0, without the classes."""
    found = {**layer("_conv_stem", 32, 3, 3, 3), **norm("_bn0", 32)}
    for number, (kernel, _, inner, expanded, outer) in enumerate(_LITE_BLOCKS):
        at = f"_blocks.{number}"
        if expanded != inner:
            found |= layer(f"{at}._expand_conv", expanded, inner, 1, 1)
            found |= norm(f"{at}._bn0", expanded)
        found |= layer(f"{at}._depthwise_conv", expanded, 1, kernel, kernel)
        found |= norm(f"{at}._bn1", expanded)
        found |= {
            **layer(f"{at}._project_conv", outer, expanded, 1, 1),
            **norm(f"{at}._bn2", outer),
        }
    return {**found, **layer("_conv_head", _LITE_WIDTH, 320, 1, 1), **norm("_bn1", _LITE_WIDTH)}


def efficientnet_lite0(weights: Weights, facts: Mapping[str, str]) -> Any:
    """The `onnx.ModelProto` of EfficientNet-Lite0 up to its pooled 1280 numbers.

    Raises:
        ModelError: `weights` are not those of an EfficientNet-Lite0.
    """

    def unused(name: str) -> bool:
        return counts_batches(name) or name.startswith("_fc.")

    net = Layers(checked(weights, lite_shapes(), LITE, unused), LITE)
    out = net.out
    low, high = (out.constant(np.full((), at, np.float32), "bound") for at in (0, 6))

    def normed(name: str, x: str, *, clipped: bool = True) -> str:
        x = net.norm(name, x, _LITE_EPSILON)
        return out.add("Clip", [x, low, high]) if clipped else x

    half = 255 / 2
    x = _scaled(
        net, np.full(3, half / _LITE_RANGE), np.full(3, (half - _LITE_MIDDLE) / _LITE_RANGE)
    )
    x = normed("_bn0", net.convolution("_conv_stem", x, stride=2, pad=_same(3, 2)))
    for number, (kernel, stride, inner, expanded, outer) in enumerate(_LITE_BLOCKS):
        at, before = f"_blocks.{number}", x
        if expanded != inner:
            x = normed(f"{at}._bn0", net.convolution(f"{at}._expand_conv", x))
        x = net.convolution(
            f"{at}._depthwise_conv", x, stride=stride, pad=_same(kernel, stride), groups=expanded
        )
        x = net.convolution(f"{at}._project_conv", normed(f"{at}._bn1", x))
        x = normed(f"{at}._bn2", x, clipped=False)
        if stride == 1 and inner == outer:
            x = out.add("Add", [x, before])
    x = normed("_bn1", net.convolution("_conv_head", x))
    return finished(net, x, facts, _LITE_WIDTH)


def finished(net: Layers, x: str, facts: Mapping[str, str], width: int) -> Any:
    """The model, with the mean over all places of `x` as its output."""
    out = net.out
    spatial = out.fresh("spatial")
    out.name(out.add("Flatten", [out.add("GlobalAveragePool", [x])]), spatial)
    return out.model(
        [("picture", ("n", 3, SIDE, SIDE))],
        [(spatial, ("n", width))],
        {**facts, "kind": KIND, "width": str(width)},
    )


def _scaled(net: Layers, factor: Any, offset: Any) -> str:
    """The input picture, each channel times `factor` plus `offset`."""
    out = net.out
    picture = out.fresh("picture")
    factors, offsets = (
        out.constant(np.asarray(one, np.float32).reshape(3, 1, 1), "scale")
        for one in (factor, offset)
    )
    return out.add("Add", [out.add("Mul", [picture, factors]), offsets])


def _same(kernel: int, stride: int) -> tuple[int, int, int, int]:
    """Padding as TensorFlow has it for an even side: the odd zero is at the bottom and right."""
    total = kernel - stride
    return (total // 2, total // 2, total - total // 2, total - total // 2)
