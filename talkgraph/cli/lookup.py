"""What the text of a command line means: a graph by name or YAML file, and its parameters."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkgraph.engine import Graph
from talkgraph.engine.declare.graph_registry import graph as named_graph
from talkgraph.errors import GraphError, InputError

_YAML = (".yaml", ".yml")


def load_graph(text: str, **options: Any) -> Graph:
    """The graph that the user means, a YAML file or a name, made with the options that were given.

    Args:
        options: of the graph; None for those that the user left out.

    Raises:
        InputError: the file cannot be read.
        GraphError: no such name (the nearest is offered), or not a graph.
    """
    path = Path(text)
    given = {name: value for name, value in options.items() if value is not None}
    if path.suffix.lower() not in _YAML:
        return named_graph(text, **given)
    for name in given:
        if name in ("mark", "label"):
            raise InputError(
                f"{path}: {'--no-mark' if name == 'mark' else '--label'} is for named graphs; "
                "change the steps of the graph file"
            )
        raise InputError(f"{path}: --{name} is for named graphs; use --set for a graph file")
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


def with_settings(graph: Graph, settings: Mapping[str, str]) -> Graph:
    """Change parameters that are given as text by ``step.param``.

    Raises:
        GraphError: no such step or parameter (the nearest is offered), or a value it cannot take.
        InputError: a name that is not of the form ``step.param``.
    """
    from talkgraph.engine.declare.ports import field_types

    changes: dict[str, dict[str, Any]] = {}
    for name, text in settings.items():
        step, dot, parameter = name.partition(".")
        if not (step and dot and parameter):
            raise InputError(f"--set {name}={text}: write it as step.parameter=value")
        types: dict[str, Any] = {}
        if step in graph.steps:  # else the graph itself says that it is not
            types = field_types(type(graph.steps[step].node))
        changes.setdefault(step, {})[parameter] = from_text(text, types.get(parameter, Any))
    return graph.with_params(**changes) if changes else graph


def from_text(text: str, type_: Any) -> Any:
    """The value that a text on the command line means for a parameter or input of `type_`.

    JSON where it fits (``3``, ``0.5``, ``true``, ``null``, ``[1, 2]``), else the text itself.
    What the type makes of it (a tuple of a list, a file of a path) is left to the node or graph
    that takes it.
    """
    from talkgraph.engine.declare.types import takes

    readings: list[Any] = [text]
    with contextlib.suppress(ValueError):
        readings.insert(0, json.loads(text))
    # Where none fits, the node or graph says what it should have been.
    return next((one for one in readings if takes(type_, one)), readings[0])
