"""Graphs by name, from any installed package.

A package announces a graph with an entry point in the group ``talkgraph.graphs`` that names a
`Graph` or a function that returns one.
"""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from talkgraph.engine.api import Graph
from talkgraph.engine.declare.registry import cannot_load
from talkgraph.engine.declare.types import coerce
from talkgraph.errors import GraphError, TalkgraphError, nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "talkgraph.graphs"


def graph(name: str, **options: Any) -> Graph:
    """The announced graph `name`, made with `options`.

    Raises:
        GraphError: no such name (the nearest is offered), an option that the graph does not have
            or cannot take, or a package that is broken.

    Example:
        >>> graph("photo", seed=7).steps["motion"].node.seed
        7
    """
    made = declaration(name)
    if callable(made):
        made = made(**_checked(name, made, options))
    elif options:
        raise GraphError(f"graph '{name}' has no options; change its parameters instead")
    if not isinstance(made, Graph):
        raise GraphError(
            f"graph '{name}' is of type {type(made).__name__}, not Graph; mend its package"
        )
    return made


def graphs() -> dict[str, EntryPoint]:
    """Every announced graph by name, in alphabetical order; nothing is loaded."""
    from importlib.metadata import entry_points  # takes a while to import

    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def declaration(name: str) -> Any:
    """What a package announces under a name: a `Graph`, or a function that returns one.

    Raises:
        GraphError: no such name, or it cannot be loaded.
    """
    points = graphs()
    if name not in points:
        hint = nearest(name, points) or f"; there are {', '.join(points)}"
        raise GraphError(f"there is no graph '{name}'{hint}")
    try:
        return points[name].load()
    except TalkgraphError:
        raise
    except Exception as error:  # a third party's import may fail in any way
        raise GraphError(cannot_load("graph", points[name], error)) from error


def _checked(name: str, made: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Options as the function's annotations spell them."""
    known = inspect.signature(made).parameters
    hints: dict[str, Any] = {}
    with contextlib.suppress(NameError):  # an annotation that names what is not there at run time
        hints = typing.get_type_hints(made)
    checked = {}
    for option, value in options.items():
        if option not in known:
            hint = nearest(option, known) or f"; it has {', '.join(known) or 'none'}"
            raise GraphError(f"graph '{name}' has no option '{option}'{hint}")
        try:
            checked[option] = coerce(value, hints.get(option, Any))
        except TypeError as error:
            raise GraphError(f"graph '{name}': option '{option}': {error}") from None
    return checked
