"""How values look to people: the one registry of previews, and the door to whoever draws them.

A preview is a function ``(thing, scene)`` that yields pieces of HTML. It is registered for a class
of values or of nodes with `preview`; packages announce the modules that register theirs with an
entry point in the group ``talkgraph.previews``. Nothing here draws, and no drawing code is imported
before somebody wants to look.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Protocol, TypeVar

PREVIEWS, NOTEBOOK = "talkgraph.previews", "talkgraph.notebook"

T = TypeVar("T")


class Scene(Protocol):
    """Where a value stands in a run; everything that is not at hand is None."""

    def port(self, name: str) -> Any:
        """What the node that made the value read at a port."""

    def nearest(self, kind: type[T]) -> T | None:
        """The value of that class from which the value was made, the nearest first."""


class Nowhere:
    """The scene of a value that stands alone, as in a notebook."""

    def port(self, name: str) -> Any:
        """Nothing."""
        return None

    def nearest(self, kind: type[T]) -> T | None:
        """Nothing."""
        return None


Look = Callable[[Any, Scene], Iterable[str]]
_looks: dict[type, Look] = {}
_L = TypeVar("_L", bound=Look)


def preview(kind: type) -> Callable[[_L], _L]:
    """Decorator: the function shows values of a class, or what a class of nodes makes.

    The function yields `talkgraph.report.markup.Html`; a plain string is shown as text, never as
    markup.

    Example:
        >>> @preview(Spectrum)
        ... def spectrum(value, scene):
        ...     yield line_chart([Series("level", value.level)], unit="dB")
    """

    def register(look: _L) -> _L:
        _looks[kind] = look
        return look

    return register


def look_of(*kinds: type) -> Look | None:
    """The preview of the first of these classes, or of a class it inherits from, that has one."""
    _load()
    for kind in kinds:
        for base in kind.__mro__:
            if base in _looks:
                return _looks[base]
    return None


@cache
def _load() -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=PREVIEWS):
        try:
            point.load()
        except Exception as error:  # a third party's import may fail in any way
            warnings.warn(
                f"looks of {point.value} cannot be loaded ({error}); repair or uninstall that "
                "package",
                stacklevel=2,
            )


def html(thing: Any) -> str | None:
    """A graph, plan, result or value as HTML for a notebook; None where nothing can draw it.

    Classes that show themselves use it as their `_repr_html_`.
    """
    from importlib.metadata import entry_points

    for point in entry_points(group=NOTEBOOK):
        return str(point.load()(thing))
    return None
