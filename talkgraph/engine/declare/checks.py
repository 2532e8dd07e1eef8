"""Checks that a node makes of its own results: what should hold, and what if it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

import attrs
import numpy as np

from talkgraph.engine.declare.types import brief
from talkgraph.errors import GraphError

F = TypeVar("F", bound=Callable[..., Any])
Severity = Literal["warn", "stop"]

_MARK = "__talkgraph_check__"


@attrs.frozen
class Check:
    """A method of a node that looks at its result."""

    name: str
    severity: Severity
    method: str

    def wrong(self, node: object, value: Any) -> str:
        """What is wrong with a result, in one line; empty if nothing is.

        Raises:
            TypeError: the method gives neither a bool nor a text.
        """
        said = getattr(node, self.method)(value)
        if said is None or isinstance(said, str):
            return " ".join((said or "").split())
        if isinstance(said, bool | np.bool_):
            return "" if said else "it does not hold"
        raise TypeError(
            f"check '{self.name}' gives {brief(said)}; return a bool, or a text of what is wrong"
        )


def check(name: str, *, severity: Severity = "warn") -> Callable[[F], F]:
    """Decorator of a node's method that looks at its result before it is kept.

    The method takes the result as the store gives it back, and returns True or False, or a line
    that says what is wrong (empty or None if nothing is).

    Args:
        name: what should hold, e.g. ``every frame has a face``.
        severity: ``warn``: the result is kept, and whoever uses it is told; ``stop``: the step
            fails, and nothing is kept.
    """
    if severity not in ("warn", "stop"):
        raise GraphError(f"check '{name}': severity is {severity!r}, expected 'warn' or 'stop'")

    def mark(method: F) -> F:
        setattr(method, _MARK, (name, severity))
        return method

    return mark


def checks_of(cls: type) -> list[Check]:
    """The checks of a node, those of its bases first."""
    names = dict.fromkeys(name for base in reversed(cls.__mro__[:-1]) for name in vars(base))
    names.pop("__doc__", None)  # it is written when it is read
    marks = {name: getattr(getattr(cls, name, None), _MARK, None) for name in names}
    return [Check(mark[0], mark[1], name) for name, mark in marks.items() if mark is not None]


def told(record: Mapping[str, Any]) -> dict[str, str]:
    """Check -> what it found wrong, of a stored result; empty texts where it passed."""
    found = record.get("checks")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def verdict(name: str, text: str) -> str:
    """How the outcome of a check is told; an empty text says that it passed."""
    return f"check '{name}' failed: {text}" if text else f"check '{name}' passed"
