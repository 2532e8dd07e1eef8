"""The memory of Yi et al. 2020 (section 3.4): ResNet-18 and the learned layer behind it, whose
output is the spatial feature, and the stored pairs of spatial and identity feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkgraph.errors import ModelError
from talkgraph.models.layers import Weights
from talkgraph.models.spatial_feature import finished, resnet18_layers, resnet18_pool5

WHAT = "the memory of Yi et al. 2020"
SIZE = 512
ENCODER = "mem_model."
_RESNET = f"{ENCODER}ResNet18.model."
_REPEATED = (f"{ENCODER}ResNet18.body.", f"{ENCODER}body.")  # second names of the same weights
_PAIRS = {"mem_key": 2, "mem_value": 2, "mem_age": 1, "mem_index": 1}  # axes
NAMES = {
    f"{ENCODER}Linear.weight": "weight", f"{ENCODER}Linear.bias": "bias",
    "mem_key": "keys", "mem_value": "values", "mem_age": "ages", "mem_index": "indices",
}  # fmt: skip
"""Of the checkpoint, and what the same arrays are called as constants of the ONNX file."""


def build(weights: Weights, facts: Mapping[str, str]) -> Any:
    """Return the `onnx.ModelProto`: a spatial network (see `spatial_feature`) with the memory's
    arrays as constants besides, named as in `RefinerMemory`.

    Raises:
        ModelError: `weights` are not those of such a memory.
    """
    missing = next((name for name in _PAIRS if name not in weights), None)
    if missing:
        raise ModelError(f"the weights are not those of {WHAT}: '{missing}' is missing")
    slots = len(weights["mem_key"]) if weights["mem_key"].ndim else 0
    extra: dict[str, tuple[int, ...]] = {
        f"{ENCODER}Linear.weight": (SIZE, SIZE),
        f"{ENCODER}Linear.bias": (SIZE,),
        **{name: (slots, SIZE)[:axes] for name, axes in _PAIRS.items()},
    }
    once = {name: w for name, w in weights.items() if not name.startswith(_REPEATED)}
    net = resnet18_layers(once, _RESNET, **extra)
    x = resnet18_pool5(net, _RESNET)
    model = finished(net, x, {**facts, "memory": "yi2020"}, SIZE)
    from onnx import numpy_helper

    for name, ours in NAMES.items():
        array = net.array(name, axes=len(extra[name]))
        model.graph.initializer.append(numpy_helper.from_array(array, ours))
    return model
