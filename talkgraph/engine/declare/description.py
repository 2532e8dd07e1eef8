"""What a node class says of itself: the one set of facts behind help, docs, forms and reports."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from talkgraph.engine.declare.ports import Port, Signature, default_of, field_types, signature
from talkgraph.engine.declare.types import brief, members, type_name

_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


@attrs.frozen(kw_only=True)
class Parameter:
    """A parameter of a node, as it was declared; or an option of a function that makes graphs.

    attribute: the node's attribute that holds it.
    default: `attrs.NOTHING` if it must be given, or is made from the others.
    needed: it must be given.
    bounds: of `ge`, `gt`, `le` and `lt` those that are set.
    choices: the allowed values, or None.
    keyed: False for what cannot change the result.
    """

    name: str
    attribute: str
    type: Any
    default: Any
    needed: bool = False
    help: str = ""
    unit: str = ""
    bounds: Mapping[str, float] = attrs.Factory(dict)
    choices: tuple[Any, ...] | None = None
    keyed: bool = True

    @property
    def range(self) -> str:
        """The bounds in words: ``at least 0, below 1``."""
        return ", ".join(f"{_BOUNDS[name]} {bound:g}" for name, bound in self.bounds.items())


def parameters(cls: type) -> dict[str, Parameter]:
    """The parameters of a node class by name, in the order of their declaration."""
    types = field_types(cls)
    return {
        name: _parameter(name, field, types[field.name])
        for field in attrs.fields(cls)
        if field.init and (name := field.alias) is not None
    }


def _parameter(name: str, field: attrs.Attribute[Any], type_: Any) -> Parameter:
    facts = field.metadata.get("talkgraph", {})
    return Parameter(
        name=name,
        attribute=field.name,
        type=type_,
        default=default_of(field),
        needed=field.default is attrs.NOTHING,
        help=facts.get("help", ""),
        unit=facts.get("unit", ""),
        bounds={name: facts[name] for name in _BOUNDS if facts.get(name) is not None},
        choices=facts.get("choices"),
        keyed=facts.get("keyed", True),
    )


def summary(thing: Any) -> str:
    """The first paragraph of what a docstring says, in one line; "" where there is none."""
    first = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return "" if "\n---" in first else " ".join(first.split())  # a section is no summary


def ports_line(cls: type) -> str:
    """The ports in one line, ``FaceTrack, FaceModel, float? -> FaceFit``; `?`: may be left out."""
    ports = signature(cls)
    return f"{', '.join(map(_port, ports.inputs.values())) or '()'} -> {type_name(ports.output)}"


def _port(port: Port) -> str:
    if port.required:
        return type_name(port.type)
    given = [type_name(one) for one in members(port.type) if one is not type(None)]
    return f"{' | '.join(given)}?"


def documented(cls: type, text: str | None) -> str:
    """The docstring of a node class, with sections for its parameters and its ports.

    Args:
        cls: a node class whose `run` has annotations.
        text: what its author wrote.
    """
    parts = [inspect.cleandoc(text)] if text else []
    rows = list(_parameter_lines(parameters(cls)))
    if rows:
        parts.append("\n".join(["Parameters", "----------", *rows]))
    parts.append("\n".join(["Ports", "-----", *_port_lines(signature(cls))]))
    return "\n\n".join(parts)


def _parameter_lines(known: Mapping[str, Parameter]) -> Iterator[str]:
    for one in known.values():
        first = f"{one.name} : {type_name(one.type)}"
        if one.default is not attrs.NOTHING:
            first += f" = {brief(one.default)} {one.unit}".rstrip()
        choices = f"one of {', '.join(map(repr, one.choices))}" if one.choices else ""
        more = (
            one.unit if one.default is attrs.NOTHING else "",
            one.range,
            choices,
            "must be given" if one.needed else "",
            "" if one.keyed else "not in the cache key",
        )
        yield "; ".join([first, *filter(None, more)])
        yield from textwrap.wrap(one.help, 92, initial_indent="    ", subsequent_indent="    ")


def _port_lines(ports: Signature) -> Iterator[str]:
    for name, port in ports.inputs.items():
        yield f"{name} : {type_name(port.type)}{'' if port.required else '; may be left out'}"
    yield f"-> {type_name(ports.output)}"
