"""Graphs by name, from any installed package, or from a YAML file; and their parameters by text.

A package announces a graph with an entry point in the group ``talkgraph.graphs`` that names a
`Graph` or a function that returns one.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from talkgraph.engine import Graph
from talkgraph.errors import GraphError, InputError, TalkgraphError, nearest

GROUP = "talkgraph.graphs"
_YAML = (".yaml", ".yml")


def load_graph(text: str, **options: Any) -> Graph:
    """The graph that the user means: a YAML file, or a name.

    Raises:
        InputError: the file cannot be read.
        GraphError: no such name (the nearest is offered), or not a graph.
    """
    path = Path(text)
    if path.suffix.lower() not in _YAML:
        return named_graph(text, **options)
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise InputError(f"{path}: --{given[0]} is for named graphs; use --set for a graph file")
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such graph file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the graph file cannot be read ({error}); check it") from error
    import talkgraph.nodes.values  # noqa: F401  # makes the names of types known

    try:
        return Graph.from_yaml(source)
    except GraphError as error:
        raise GraphError(f"{path}: {error}") from error


def named_graph(name: str, **options: Any) -> Graph:
    """The announced graph `name`, made with those `options` that are not None.

    Raises:
        GraphError: no such name, an option that it does not have, or a package that is broken.
    """
    points = graphs()
    if name not in points:
        hint = nearest(name, points) or f"; there are {', '.join(points)}, or give a .yaml file"
        raise GraphError(f"there is no graph '{name}'{hint}")
    made = _load(points[name])
    wanted = {key: value for key, value in options.items() if value is not None}
    if callable(made):
        known = inspect.signature(made).parameters
        for option in wanted:
            if option not in known:
                raise GraphError(f"graph '{name}' has no option '{option}'{nearest(option, known)}")
        made = made(**wanted)
    elif wanted:
        raise GraphError(f"graph '{name}' has no options; use --set to change its parameters")
    if not isinstance(made, Graph):
        raise GraphError(
            f"graph '{name}' is of type {type(made).__name__}, not Graph; mend its package"
        )
    return made


def graphs() -> dict[str, EntryPoint]:
    """Every announced graph by name, in alphabetical order."""
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    except TalkgraphError:
        raise
    except Exception as error:  # a third party's import may fail in any way
        why = " ".join(str(error).split()) or type(error).__name__
        raise GraphError(
            f"graph '{point.name}' of {point.value} cannot be loaded ({why}); "
            "repair or uninstall that package"
        ) from error


def with_settings(graph: Graph, settings: Mapping[str, str]) -> Graph:
    """Change parameters that are given as text by ``step.param``.

    Raises:
        GraphError: no such step or parameter (the nearest is offered), or a value it cannot take.
        InputError: a name that is not of the form ``step.param``.
    """
    changes: dict[str, dict[str, Any]] = {}
    for name, text in settings.items():
        step, dot, parameter = name.partition(".")
        if not (step and dot and parameter):
            raise InputError(f"--set {name}={text}: write it as step.parameter=value")
        if step not in graph.steps:
            known = nearest(step, graph.steps) or f"; its steps are {', '.join(graph.steps)}"
            raise GraphError(f"graph '{graph.name}' has no step '{step}'{known}")
        changes.setdefault(step, {})[parameter] = _parameter(graph, step, parameter, text)
    return graph.with_params(**changes) if changes else graph


def _parameter(graph: Graph, step: str, parameter: str, text: str) -> Any:
    from talkgraph.engine.declare.ports import field_types

    node: Any = type(graph.steps[step].node)
    return from_text(text, field_types(node).get(parameter, Any))


def from_text(text: str, type_: Any) -> Any:
    """The value that a text on the command line means for a parameter or input of `type_`.

    JSON where it fits (``3``, ``0.5``, ``true``, ``null``, ``[1, 2]``), else the text itself, or
    the file of that name.
    """
    from talkgraph.cache.files import File
    from talkgraph.engine.declare.types import coerce

    candidates: list[Any] = [text, File(Path(text))]
    with contextlib.suppress(ValueError):
        candidates.insert(0, json.loads(text))
    for candidate in candidates:
        try:
            return coerce(candidate, type_)
        except TypeError:
            continue
    return candidates[0]  # the engine says what it should have been
