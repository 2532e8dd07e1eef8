"""The JSON Schema of graph files, for editors: made from the nodes that are installed.

What a schema cannot say (that a source exists, that its type fits) is said when the graph is read.
"""

from __future__ import annotations

import contextlib
import enum
from typing import Any, Literal, get_args, get_origin

import attrs

from talkgraph.cache.files import File
from talkgraph.engine.declare.description import Parameter, parameters, summary
from talkgraph.engine.declare.graph import NAME
from talkgraph.engine.declare.graph_file import plain_value
from talkgraph.engine.declare.ports import signature
from talkgraph.engine.declare.registry import node_class, node_ids
from talkgraph.engine.declare.types import members, plain, type_name, type_names
from talkgraph.errors import GraphError

Schema = dict[str, Any] | bool

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STEP_NAME = "^" + NAME.pattern.replace(r"\Z", "$")
_SOURCE = "^" + NAME.pattern.replace(r"\Z", r"(\.[A-Za-z_]\w*)*$")
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_NAMED: dict[type, str] = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string",
}  # fmt: skip


def graph_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of graph files, with every node that is installed.

    Example:
        >>> schema = graph_schema()
        >>> "mfcc" in schema["$defs"]["step"]["properties"]["node"]["enum"]
        True
    """
    nodes: dict[str, dict[str, Any]] = {}
    for id in node_ids():
        with contextlib.suppress(GraphError):  # a faulty `run`: no graph can have such a node
            nodes[id] = _node(node_class(id))
    ids = list(nodes)
    one = "|".join(type_names())
    node = {"enum": ids, "enumDescriptions": [nodes[id]["description"] for id in ids]}
    return {
        "$schema": _DIALECT,
        "title": "talkgraph graph",
        "type": "object",
        "required": ["graph", "steps"],
        "additionalProperties": False,
        "properties": {
            "graph": {"type": "string", "description": "name of the graph"},
            "inputs": {
                "description": "type of each input; one that admits None may be left out",
                "type": ["object", "null"],
                "propertyNames": {"pattern": _STEP_NAME},
                "additionalProperties": {
                    "anyOf": [
                        {"enum": type_names()},
                        {"type": "string", "pattern": rf"^({one})( *\| *({one}))*$"},
                        {"type": "null"},
                    ]
                },
            },
            "steps": {
                "description": "nodes by the names of their steps",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": _STEP_NAME},
                "additionalProperties": {"$ref": "#/$defs/step"},
            },
            "output": {
                "description": "the step that is wanted; default: the last",
                "type": ["string", "null"],
                "pattern": _SOURCE,
            },
        },
        "$defs": {
            "step": {
                "type": "object",
                "required": ["node"],
                "additionalProperties": False,
                "properties": {"node": node, "params": True, "on": True},
                "allOf": [
                    {
                        "if": {"properties": {"node": {"const": id}}, "required": ["node"]},
                        "then": made,
                    }
                    for id, made in nodes.items()
                ],
            },
        },
    }


def _node(cls: type) -> dict[str, Any]:
    """Parameters and ports of one node class."""
    known = parameters(cls)
    params = {name: _parameter(one) for name, one in known.items()}
    ports = signature(cls).inputs
    sources = {
        name: {"type": "string", "pattern": _SOURCE, "description": type_name(port.type)}
        for name, port in ports.items()
    }
    asked = [name for name, one in known.items() if one.needed]
    bound = [name for name, port in ports.items() if port.required]
    wanted = {"params": (params, asked), "on": (sources, bound)}
    return {
        "description": summary(cls),
        "properties": {
            name: {
                "type": "object" if required else ["object", "null"],
                "required": required,
                "additionalProperties": False,
                "properties": properties,
            }
            for name, (properties, required) in wanted.items()
        },
        "required": [name for name, (_, required) in wanted.items() if required],
    }


def _parameter(one: Parameter) -> Schema:
    unit = f" [{one.unit}]" if one.unit else ""
    schema: dict[str, Any] = {"description": f"{one.help}{unit}".strip()}
    schema |= _typed(one.type)
    _bound(schema, {_BOUNDS[name]: bound for name, bound in one.bounds.items()})
    if one.choices is not None:
        none = [None] if type(None) in members(one.type) else []
        schema["enum"] = [plain_value(choice, one.name) for choice in one.choices] + none
    if one.default is not attrs.NOTHING:
        with contextlib.suppress(GraphError):  # a default that no graph file can spell
            schema["default"] = _default(one.default)
    return schema


def _bound(schema: Any, bounds: dict[str, float]) -> None:
    """Put bounds on the numbers of a schema, or on those of its items."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number"):
            schema |= bounds
        for inner in (
            schema.get("items"),
            *schema.get("prefixItems", ()),
            *schema.get("anyOf", ()),
        ):
            _bound(inner, bounds)


def _default(value: Any) -> Any:
    found = plain_value(value, "default")
    if isinstance(found, float) and not abs(found) < float("inf"):
        raise GraphError("JSON has no NaN and no infinity")
    return found


def _typed(type_: Any) -> dict[str, Any]:
    """What a graph file may hold for a value of some type."""
    found = [one for one in map(_one, members(type_)) if one is not False]
    if True in found:
        return {}
    if not found:
        return {"not": {}}
    return found[0] if len(found) == 1 else {"anyOf": found}


def _one(type_: Any) -> Any:
    """A schema; True for anything, False for what has no spelling in a graph file."""
    base, args = get_origin(type_) or type_, get_args(type_)
    if base in (Any, object) or not isinstance(base, type):
        return {"enum": list(args)} if base is Literal else True
    if base in _NAMED:
        return {"type": _NAMED[base]}
    if issubclass(base, enum.Enum):
        return {"enum": list(base.__members__)}
    if hasattr(base, "__fspath__") or base is File:
        return {"type": "string"}
    if base is tuple and args and args[-1] is not Ellipsis:
        items = [_typed(plain(one)) for one in args]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if base in (list, tuple):
        return {"type": "array", **({"items": _typed(args[0])} if args else {})}
    if base is dict:
        return {"type": "object", **({"additionalProperties": _typed(args[1])} if args else {})}
    return False
