"""A recipe's graph as a form: its inputs, options and parameters as fields.

Fields are made from what graphs and nodes declare: nothing is said twice.
"""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from talkgraph.cache.files import File
from talkgraph.engine import Graph, Node, graphs
from talkgraph.engine.declare.description import Parameter, parameters, summary
from talkgraph.engine.declare.types import brief, is_optional, members, type_name
from talkgraph.studio.recipe import READERS, Kind, Recipe, base_graph, kind_of, options_of, readers


def known_graphs() -> list[dict[str, Any]]:
    """Name and one line on each announced graph; graphs of recordings first, broken ones last.

    A graph that cannot be made is not `usable`, and its line says why.
    """
    found = []
    for name, point in graphs().items():
        try:
            graph = base_graph(Recipe(graph=name))
        except Exception as error:  # a third party's code may fail in any way
            found.append((2, {"name": name, "about": str(error), "usable": False}))
            continue
        made = point.load()
        about = _words(made) if callable(made) else f"From {point.value}."
        takes_media = any(readers(graph, name) for name in graph.inputs)
        found.append((0 if takes_media else 1, {"name": name, "about": about, "usable": True}))
    return [facts for _, facts in sorted(found, key=lambda pair: pair[0])]


def describe(recipe: Recipe) -> dict[str, Any]:
    """The form of a recipe's graph: inputs, options and steps with their fields, as JSON.

    Raises:
        Problems: an option that the graph refuses.
        GraphError: as `build`.
    """
    graph = base_graph(recipe)
    options = options_of(recipe.graph) if recipe.graph is not None and recipe.yaml is None else {}
    return {
        "graph": graph.name,
        "inputs": [
            {
                **_field(Parameter(name=name, attribute=name, type=type_, default=None), None),
                "reads": next(iter(_reads(graph, name)), None),
                "optional": is_optional(type_),
            }
            for name, type_ in graph.inputs.items()
        ],
        "options": [_field(one, one.default) for one in options.values()],
        "steps": [_step(name, placed.node) for name, placed in graph.steps.items()],
    }


def _words(thing: Any) -> str:
    """The first paragraph of a docstring, as a page shows it."""
    return summary(thing).replace("`", "")


def _reads(graph: Graph, name: str) -> list[str]:
    return [READERS[graph.steps[step].node.node_id] for step in readers(graph, name)]


def _step(name: str, node: Node) -> dict[str, Any]:
    known = parameters(type(node)).values()
    fields = [_field(one, getattr(node, one.attribute)) for one in known]
    return {"name": name, "node": node.node_id, "about": _words(type(node)), "fields": fields}


def _field(one: Parameter, value: Any) -> dict[str, Any]:
    kind = kind_of(one.type, one.choices)
    return {
        "name": one.name,
        "kind": kind,
        "type": type_name(one.type),
        "value": _shown(value, kind),
        "choices": _choices(one.type, one.choices) if kind == "choice" else None,
        "range": one.range,
        "unit": one.unit,
        "help": one.help,
    }


def _choices(type_: Any, choices: Any) -> list[Any]:
    found: list[Any] = [None] if is_optional(type_) else []
    if choices is not None:
        return [*found, *choices]
    for one in members(type_):
        if get_origin(one) is Literal:
            found += get_args(one)
        elif one is bool:
            found += [True, False]
        elif isinstance(one, type) and issubclass(one, enum.Enum):
            found += list(one.__members__)
    return found


def _shown(value: Any, kind: Kind) -> Any:
    """A value as the field shows it."""
    if isinstance(value, enum.Enum):
        return value.name
    if kind == "fixed":
        return brief(value)
    if kind == "file":
        path = value.path if isinstance(value, File) else value
        return None if path is None else Path(path).name
    if kind == "values":
        return "" if value is None else json.dumps(value)
    return value
