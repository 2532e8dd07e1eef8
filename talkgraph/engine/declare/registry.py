"""Finding node classes by id: those defined in this program, then those that packages announce.

A package announces nodes with entry points in the group ``talkgraph.nodes``, each naming a node
class (``mfcc = "package.module:Mfcc"``) or a module that defines nodes when it is imported.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from talkgraph.errors import GraphError, nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "talkgraph.nodes"

_nodes: dict[str, type] = {}


def register(cls: type) -> None:
    """Make a node class known under its id; a later definition replaces an earlier one."""
    _nodes[cls.node_id] = cls  # type: ignore[attr-defined]


def node_class(id: str) -> type:
    """The node class with an id; GraphError with the nearest id if there is none."""
    if id not in _nodes:
        points = _points()
        for point in [one for one in points if one.name == id] or points:
            _load(point)
    if id not in _nodes:
        hint = nearest(id, node_ids())
        said = broken() or ([] if hint else ["install its package, or import its module first"])
        raise GraphError("; ".join([f"unknown node '{id}'{hint}", *said]))
    return _nodes[id]


def node_ids() -> list[str]:
    """Every known node id, announced ones included, without those of `broken` packages."""
    for point in _points():
        _load(point)
    return sorted(_nodes)


def broken() -> list[str]:
    """One line for each entry point that cannot be loaded."""
    return [line for point in _points() if (line := _load(point)) is not None]


@cache
def _points() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points  # takes a while to import

    return tuple(entry_points(group=GROUP))


@cache
def _load(point: EntryPoint) -> str | None:
    """Load an entry point once; what is wrong with it, so that the others go on working."""
    try:
        point.load()
    except Exception as error:  # a third party's import may fail in any way
        return cannot_load("nodes", point, error)
    return None


def cannot_load(kind: str, point: EntryPoint, error: Exception) -> str:
    """One line on an entry point whose package is broken."""
    why = " ".join(str(error).split()) or type(error).__name__
    return (
        f"{kind} '{point.name}' of {point.value} cannot be loaded ({why}); "
        "repair or uninstall that package"
    )
