"""A node: an attrs class whose fields are parameters and whose `run` signature names the ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import attrs

T = TypeVar("T", bound="Node")


def param(
    default: Any = attrs.NOTHING,
    help: str = "",
    *,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: tuple[Any, ...] | None = None,
    keyed: bool = True,
) -> Any:
    """Declare a parameter of a node.

    Args:
        default: its value when the graph says nothing; from the paper where it has one.
        help: one line for the command line, the report and the docs; cite paper and section.
        unit: s, Hz, px, rad, …
        ge, gt, le, lt: bounds, checked when the node is made.
        choices: the allowed values.
        keyed: False for what cannot change the result (threads, device): left out of the cache key.
    """
    metadata = {
        "help": help, "unit": unit, "ge": ge, "gt": gt, "le": le, "lt": lt,
        "choices": choices, "keyed": keyed,
    }
    return attrs.field(default=default, metadata={"talkgraph": metadata})


class Node:
    """Base of all nodes; subclasses define `run(self, port: Type, ...) -> Type`."""

    node_id: str
    node_version: int
    transient: bool  # True: never stored; its lazy frames are recomputed where they are needed


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(param,))
def node(id: str, *, version: int, transient: bool = False) -> Callable[[type[T]], type[T]]:
    """Class decorator that makes a frozen, keyword-only attrs class with an id and a version.

    Args:
        id: fixed name in graphs, YAML files and cache keys, e.g. ``mfcc``.
        version: raise it when the same inputs and parameters give another result for a reason
            that is not in the code (new weights, another library).
        transient: cheap frame stages whose output is streamed and not stored.
    """

    def make(cls: type[T]) -> type[T]:
        made = attrs.define(cls, frozen=True, kw_only=True, slots=False)
        made.node_id = id
        made.node_version = version
        made.transient = transient
        return made

    return make
