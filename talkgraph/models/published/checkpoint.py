"""Whether a checkpoint is the one that was asked for: every name and every shape."""

from __future__ import annotations

from collections.abc import Callable

from talkgraph.errors import ModelError
from talkgraph.models.layers import Weights

Shapes = dict[str, tuple[int, ...]]
"""Names of a state dict and the shape of each."""


def checked(
    weights: Weights, wanted: Shapes, what: str, unused: Callable[[str], bool] = lambda name: False
) -> Weights:
    """The weights as they are, without those that are not used.

    Args:
        weights: of the checkpoint.
        wanted: of the network.
        what: the network, for messages.
        unused: whether a name may be there besides.

    Raises:
        ModelError: a name is missing or unknown, or a shape is another.
    """
    for name, shape in wanted.items():
        if name not in weights:
            raise ModelError(f"the weights are not those of {what}: '{name}' is missing")
        if weights[name].shape != tuple(shape):
            raise ModelError(
                f"the weights are not those of {what}: '{name}' is {_text(weights[name].shape)}, "
                f"expected {_text(shape)}"
            )
    for name in weights:
        if name not in wanted and not unused(name):
            raise ModelError(f"the weights are not those of {what}, which has no '{name}'")
    return {name: weights[name] for name in wanted}


def layer(name: str, *shape: int, bias: int = 0) -> Shapes:
    """Weight, and bias of `bias` numbers unless that is 0."""
    return {f"{name}.weight": shape, **({f"{name}.bias": (bias,)} if bias else {})}


def norm(name: str, width: int) -> Shapes:
    """A batch normalisation."""
    return {f"{name}.{p}": (width,) for p in ("weight", "bias", "running_mean", "running_var")}


def counts_batches(name: str) -> bool:
    """Whether it is how often a norm was trained: nothing that is computed with."""
    return name.endswith(".num_batches_tracked")


def width_of(weights: Weights, name: str, what: str) -> int:
    """The output channels of a first convolution.

    Raises:
        ModelError: there is none.
    """
    if name not in weights or weights[name].ndim != 4:
        raise ModelError(f"the weights are not those of {what}: '{name}' is missing")
    return int(weights[name].shape[0])


def _text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single number"
