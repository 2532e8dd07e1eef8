"""Graphs as YAML text.

    graph: yi2020
    inputs: {audio: Path, video: Path}
    steps:
      speech: {node: read_speech, on: {audio: audio}}
      motion:
        node: map_motion
        params: {frames: 3}
        on: {features: features, fit: fit.motion}
    output: final

A strict subset of YAML, see `plain_yaml.py`.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any, TypeVar

import attrs

from talkgraph.cache.files import File
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.node import Node, Step
from talkgraph.engine.declare.ports import default_of
from talkgraph.engine.declare.registry import node_class
from talkgraph.engine.declare.types import brief, identity, type_from_text, type_name, type_to_text
from talkgraph.errors import GraphError, nearest

G = TypeVar("G", bound=Declaration)

_KEYS = ("graph", "inputs", "steps", "output")
_STEP_KEYS = ("node", "params", "on")


def to_yaml(graph: Declaration) -> str:
    """The text of a graph; GraphError if an input type or a parameter has no spelling."""
    from talkgraph.engine.declare import plain_yaml

    return plain_yaml.write(to_document(graph))


def to_document(graph: Declaration) -> dict[str, Any]:
    """The graph as plain data, as in its text; GraphError as in `to_yaml`."""
    inputs = {}
    for name, type_ in graph.inputs.items():
        inputs[name] = type_to_text(type_)
        if inputs[name] is None:
            raise GraphError(
                f"input '{name}': {type_name(type_)} has no name in a graph file; "
                "use a plain type or a class made with @value"
            )
    steps: dict[str, Any] = {}
    for name, step in graph.steps.items():
        entry: dict[str, Any] = {"node": step.node.node_id}
        parameters = _changed_parameters(step.node, f"step '{name}'")
        if parameters:
            entry["params"] = parameters
        if step.sources:
            entry["on"] = dict(step.sources)
        steps[name] = entry
    return {"graph": graph.name, "inputs": inputs, "steps": steps, "output": graph.output}


def from_yaml(text: str, kind: type[G]) -> G:
    """The graph of a text, of class `kind`; GraphError with the line or the name that is wrong."""
    from talkgraph.engine.declare import plain_yaml

    return from_document(plain_yaml.read(text), kind)


def from_document(document: Any, kind: type[G]) -> G:
    """The graph of plain data, of class `kind`; GraphError with the name that is wrong."""
    top = _mapping(document, "graph file", _KEYS)
    if "graph" not in top or "steps" not in top:
        raise GraphError("graph file: it needs 'graph: NAME' and 'steps:'")
    inputs = {}
    for name, type_text in _mapping(top.get("inputs"), "inputs").items():
        try:
            inputs[name] = type_from_text(str(type_text))
        except LookupError as error:
            raise GraphError(
                f"input '{name}': unknown type '{error.args[0]}'; write Path for a file, a plain "
                "type such as int or str, or the class of a registered value"
            ) from None
    steps = {}
    for name, entry in _mapping(top["steps"], "steps").items():
        entry = _mapping(entry, f"step '{name}'", _STEP_KEYS)
        if not isinstance(entry.get("node"), str):
            raise GraphError(f"step '{name}': it needs 'node: ID'")
        parameters = _mapping(entry.get("params"), f"step '{name}', params")
        sources = _mapping(entry.get("on"), f"step '{name}', on")
        for port, source in sources.items():
            if not isinstance(source, str):
                raise GraphError(f"step '{name}': port '{port}' reads {source!r}, not a name")
        made = node_class(entry["node"])(**parameters)
        steps[name] = Step(made, sources)
    output = top.get("output")
    if output is not None and not isinstance(output, str):
        raise GraphError(f"graph file: output is {output!r}, not the name of a step")
    return kind(str(top["graph"]), inputs=inputs, steps=steps, output=output)


def _mapping(found: Any, what: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise GraphError(f"{what}: expected names with values, got {type(found).__name__}")
    for key in found:
        if not isinstance(key, str):
            raise GraphError(f"{what}: {key!r} is no name")
        if known is not None and key not in known:
            hint = nearest(key, known) or f"; known are {', '.join(known)}"
            raise GraphError(f"{what}: unknown entry {brief(key)}{hint}")
    return found


def _changed_parameters(node: Node, where: str) -> dict[str, Any]:
    """Parameters that differ from their defaults, as plain YAML values."""
    changed = {}
    for field in attrs.fields(type(node)):
        if not field.init:
            continue
        value = getattr(node, field.name)
        default = default_of(field)
        if default is attrs.NOTHING or identity(value) != identity(default):
            changed[field.alias] = plain_value(value, f"{where}, parameter '{field.name}'")
    return changed


def plain_value(value: Any, where: str) -> Any:
    """A parameter as a graph file spells it; GraphError if it has no spelling."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, File):
        return str(value.path)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain_value(item, where) for item in value]
    if isinstance(value, dict):
        return {plain_value(k, where): plain_value(v, where) for k, v in value.items()}
    raise GraphError(f"{where}: a {type(value).__name__} has no spelling in a graph file")
