"""`run` of a node called by hand: what is no value of a port's type is refused by name.

In a graph the edges are checked; by hand a wrong value would surface somewhere inside as a missing
attribute. Only ports of value classes and files are looked at: a number or an array comes in many
guises.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

import attrs

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.engine.declare.ports import signature
from talkgraph.engine.declare.types import members, type_name
from talkgraph.errors import GraphError


class CheckedRun:
    """A descriptor in the place of `run`; the class itself still has the plain function."""

    def __init__(self, function: FunctionType) -> None:
        self.__func__ = self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self._checks: dict[type, list[tuple[int, str, tuple[type, ...]]]] = {}

    def __get__(self, instance: Any, cls: type) -> Callable[..., Any]:
        """The function of a class; of a node the method, which checks what it is given."""
        if instance is None:
            return self.__func__
        checks = self._checks.get(cls)
        if checks is None:
            checks = self._checks[cls] = list(_checks(cls))
        method = MethodType(self.__func__, instance)
        if not checks:
            return method

        @functools.wraps(self.__func__)
        def run(*arguments: Any, **named: Any) -> Any:
            for place, port, kinds in checks:
                value = arguments[place] if place < len(arguments) else named.get(port, kinds)
                if value is not kinds and not isinstance(value, kinds):
                    raise GraphError(
                        f"node '{cls.node_id}': "  # type: ignore[attr-defined]
                        f"port '{port}' takes {type_name(signature(cls).inputs[port].type)}, "
                        f"but was given {type_name(type(value))}"
                    )
            return method(*arguments, **named)

        run.__dict__["__wrapped__"] = method  # so that its signature is without self
        return run


def _checks(cls: type) -> Iterator[tuple[int, str, tuple[type, ...]]]:
    """Place, name and classes of the ports that take values of our own classes alone."""
    try:
        ports = signature(cls).inputs
    except GraphError:  # of ports that are not annotated, which a graph refuses
        return
    for place, (name, port) in enumerate(ports.items()):
        kinds = members(port.type)
        if all(one in (type(None), Path) or _is_value_class(one) for one in kinds):
            yield place, name, (*kinds, str, PathLike) if Path in kinds else kinds


def _is_value_class(one: Any) -> bool:
    return isinstance(one, type) and (one in (File, Frames) or attrs.has(one))
