"""The ports of a node class: what its `run` takes and gives."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

import attrs

from talkgraph.cache.files import File
from talkgraph.engine.declare.types import coerce, members, plain
from talkgraph.errors import GraphError

T = TypeVar("T")


@attrs.frozen
class Port:
    """An input of a node; a port that is not required may be left unbound."""

    type: Any
    required: bool


@attrs.frozen
class Signature:
    """Input ports by name, and the type of the output."""

    inputs: dict[str, Port]
    output: Any


def signature(cls: type) -> Signature:
    """Ports of a node class, read from its `run`; GraphError if they are not annotated."""
    return _signature(cast(Any, cls))


def field_types(cls: type) -> dict[str, Any]:
    """Types of the attributes of an attrs class."""
    return _field_types(cast(Any, cls))


@cache
def _signature(cls: type) -> Signature:
    run = getattr(cls, "run", None)
    label = getattr(cls, "node_id", cls.__name__)
    if not callable(run):
        raise GraphError(f"node '{label}' has no run method; define run(self, port: Type) -> Type")
    hints = _hints(run, cls)
    inputs = {}
    for name, parameter in list(inspect.signature(run).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise GraphError(f"node '{label}': run takes *{name}; name every port")
        if name not in hints:
            raise GraphError(f"node '{label}': port '{name}' has no type; annotate it in run")
        inputs[name] = Port(hints[name], parameter.default is parameter.empty)
    if "return" not in hints:
        raise GraphError(f"node '{label}': run has no return type; annotate it")
    return Signature(inputs, hints["return"])


@cache
def _field_types(cls: type) -> dict[str, Any]:
    hints = _hints(cls, cls)
    return {field.name: hints.get(field.name, Any) for field in attrs.fields(cls)}


def field_type(type_: Any, path: tuple[str, ...]) -> Any:
    """Type of ``value.a.b``; LookupError with the known names if there is no such field.

    A file is kept as its content: it has none.
    """
    for name in path:
        options = members(type_)
        if Any in options:
            return Any
        classes = [one for one in options if isinstance(one, type) and attrs.has(one)]
        classes = [one for one in classes if one is not File]
        if len(classes) != len(options):
            raise LookupError(name, ())
        known = field_types(classes[0])
        if name not in known or len(classes) > 1:
            raise LookupError(name, tuple(known))
        type_ = plain(known[name])
    return type_


def _hints(owner: Any, cls: type) -> dict[str, Any]:
    """Resolved annotations; one that cannot be resolved stays the text that it is."""
    local = {**getattr(cls, "__talkgraph_names__", {}), cls.__name__: cls}
    found: dict[str, Any] = {}
    for one in reversed(cls.__mro__) if owner is cls else (owner,):
        names = getattr(inspect.unwrap(one), "__globals__", None)  # None: those of `__module__`
        for name, annotation in getattr(one, "__annotations__", {}).items():
            facts = {"__module__": one.__module__, "__annotations__": {name: annotation}}
            try:
                found |= typing.get_type_hints(type("one", (), facts), names, local, True)
            except (NameError, AttributeError, TypeError, SyntaxError):
                found[name] = annotation
    return found


def default_of(field: attrs.Attribute[Any]) -> Any:
    """A parameter's default; `attrs.NOTHING` if it has none, or one made from the others."""
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return attrs.NOTHING if default.takes_self else default.factory()
    return default


def checked(kind: type[T], record: Mapping[str, Any]) -> T:
    """An attrs class from its fields as JSON, each of the declared type; TypeError."""
    types = field_types(kind)
    if set(record) - set(types):
        raise TypeError(f"unknown field {sorted(set(record) - set(types))[0]!r}")
    return kind(**{name: coerce(fact, types[name]) for name, fact in record.items()})
