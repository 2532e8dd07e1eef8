"""What the page asks for, and the graph and inputs that it means.

What was filled in is judged by the nodes and graphs themselves. A field's place is
``step.parameter``, ``options.name`` or ``inputs.name``.
"""

from __future__ import annotations

import enum
import inspect
import json
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import attrs

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Graph, Node
from talkgraph.engine.declare.description import Parameter, parameters
from talkgraph.engine.declare.graph_registry import declaration
from talkgraph.engine.declare.ports import field_types
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.declare.types import coerce, is_optional, members, type_name
from talkgraph.errors import GraphError, InputError, TalkgraphError

Kind = Literal["switch", "choice", "integer", "number", "text", "values", "file", "fixed"]

_ENDED_BY = {bool: "switch", int: "integer", float: "number", str: "text"}
READERS = {"read_speech": "sound", "read_video": "video", "read_photo": "photo"}


class Problems(TalkgraphError):
    """What cannot be as it was filled in: one line for each place."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        super().__init__("; ".join(lines.values()))
        self.lines = dict(lines)


@attrs.frozen
class Recipe:
    """What the page asks for, as it came: a graph by name or text, and what was filled in."""

    graph: str | None = None
    yaml: str | None = None
    options: dict[str, Any] = attrs.field(factory=dict)
    parameters: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    inputs: dict[str, Any] = attrs.field(factory=dict)
    force: list[str] = attrs.field(factory=list)

    @classmethod
    def read(cls, document: Any) -> Recipe:
        """A recipe from a client's JSON; InputError if it is none."""
        types = field_types(cls)
        if not isinstance(document, dict) or set(document) - set(types):
            raise InputError("this is no recipe of a run")
        try:
            return cls(**{name: coerce(value, types[name]) for name, value in document.items()})
        except TypeError as error:
            raise InputError(f"this is no recipe of a run: {error}") from None

    @property
    def document(self) -> dict[str, Any]:
        """The recipe as JSON, as it came."""
        return attrs.asdict(self, recurse=False)


# -- what was filled in ------------------------------------------------------------------------


def build(recipe: Recipe, files: Mapping[str, Path]) -> Graph:
    """The graph of a recipe.

    Args:
        files: where each upload lies, by id.

    Raises:
        Problems: options or parameters that the graph or its nodes refuse, by place.
        GraphError: there is no such graph, or its text is none.
    """
    graph = base_graph(recipe)
    problems: dict[str, str] = {}
    changes: dict[str, dict[str, Any]] = {}
    for step, given in recipe.parameters.items():
        if step not in graph.steps:
            continue  # of a stage that another option has taken out
        node = graph.steps[step].node
        for name, raw in given.items():
            try:
                value = _parameter(node, name, raw, files)
                node.with_params(**{name: value})
            except TalkgraphError as error:
                problems[f"{step}.{name}"] = str(error)
            else:
                changes.setdefault(step, {})[name] = value
        try:
            node.with_params(**changes.get(step, {}))  # what holds between parameters
        except TalkgraphError as error:
            problems.setdefault(step, str(error))
    if problems:
        raise Problems(problems)
    return graph.with_params(**changes) if changes else graph


def inputs_of(recipe: Recipe, graph: Graph, files: Mapping[str, Path]) -> dict[str, Any]:
    """The values of the graph's inputs; Problems by place for those that are wrong or missing."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, type_ in graph.inputs.items():
        place, raw = f"inputs.{name}", recipe.inputs.get(name)
        if raw in (None, ""):
            if not is_optional(type_):
                problems[place] = "still to be given"
            continue
        try:
            values[name] = coerce(_value(raw, type_, None, files), type_)
        except (TypeError, TalkgraphError) as error:
            problems[place] = str(error)
    if problems:
        raise Problems(problems)
    return values


def readers(graph: Graph, name: str) -> list[str]:
    """The steps that decode an input in their sandbox, before anything else sees it."""
    return [
        step
        for step, placed in graph.steps.items()
        if placed.node.node_id in READERS
        and any(parse_source(source)[0] == name for source in placed.sources.values())
    ]


def base_graph(recipe: Recipe) -> Graph:
    """The graph before its parameters are changed."""
    if recipe.yaml is not None:
        import talkgraph.nodes.values  # noqa: F401  # makes the names of types known

        return Graph.from_yaml(recipe.yaml)
    if recipe.graph is None:
        raise GraphError("no graph was chosen; choose one")
    known = options_of(recipe.graph)
    given: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, raw in recipe.options.items():
        if name not in known:
            continue  # of another graph
        try:
            given[name] = _value(raw, known[name].type, None, {})
            engine.graph(recipe.graph, **{name: given[name]})
        except TalkgraphError as error:
            problems[f"options.{name}"] = str(error)
    if problems:
        raise Problems(problems)
    return engine.graph(recipe.graph, **given)


def _parameter(node: Node, name: str, raw: Any, files: Mapping[str, Path]) -> Any:
    """A parameter's value; the node itself says whether it can take it."""
    known = parameters(type(node))
    if name not in known:
        return raw
    return _value(raw, known[name].type, known[name].choices, files)


def _value(raw: Any, type_: Any, choices: Any, files: Mapping[str, Path]) -> Any:
    """What was filled in, as a value for the type; odd things pass, to be refused by the node."""
    kind = kind_of(type_, choices)
    if kind == "fixed":
        raise InputError(f"{type_name(type_)} cannot be changed on this page")
    if raw in (None, "") and is_optional(type_):
        return None
    if kind == "file":
        if not isinstance(raw, str) or raw not in files:
            raise InputError("this file was not uploaded here; choose it again")
        return File(files[raw]) if File in members(type_) else files[raw]
    if kind in ("integer", "number", "values") and isinstance(raw, str):
        try:
            return json.loads(raw, parse_constant=_no_number)
        except (ValueError, RecursionError):
            return raw
    return raw


def _no_number(text: str) -> Any:
    raise ValueError(text)


def options_of(graph: str) -> dict[str, Parameter]:
    """The options of a graph that is made by a function, with their defaults and help."""
    made = declaration(graph)
    if not callable(made):
        return {}
    hints = typing.get_type_hints(made)
    return {
        name: Parameter(
            name=name,
            attribute=name,
            type=hints[name],
            default=option.default,
            help=_said_of(name, made),
        )
        for name, option in inspect.signature(made).parameters.items()
        if name in hints and option.default is not option.empty
    }


def _said_of(name: str, made: Any) -> str:
    """What the Args section of a docstring says of an argument."""
    text = " ".join((inspect.getdoc(made) or "").partition("Args:")[2].split())
    found = re.search(rf"(?:^| ){name}: (.*?)(?= \w+: |$)", text)
    return found[1].rstrip(".").replace("`", "") if found else ""


def kind_of(type_: Any, choices: Any = None) -> Kind:
    """What kind of field a type is filled in with."""
    kinds = [one for one in members(type_) if one is not type(None)]
    if choices is not None:
        return "choice"
    if len(kinds) == 1:
        one = kinds[0]
        base = get_origin(one) or one
        if base is Literal or (isinstance(base, type) and issubclass(base, enum.Enum)):
            return "choice"
        if base is bool and is_optional(type_):
            return "choice"
        if base in _ENDED_BY:
            return typing.cast(Kind, _ENDED_BY[base])
        if base is File or (isinstance(base, type) and issubclass(base, Path)):
            return "file"
    return "values" if kinds and all(map(_is_plain, kinds)) else "fixed"


def _is_plain(type_: Any) -> bool:
    """Whether every value of a type is JSON, so that no path can hide in it."""
    base, args = get_origin(type_) or type_, get_args(type_)
    if base in (tuple, list):
        return bool(args) and all(
            arg is Ellipsis or all(map(_is_plain, members(arg))) for arg in args
        )
    return base in (bool, int, float, str, type(None))
