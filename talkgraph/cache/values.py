"""Which classes may be stored: a value is a frozen attrs class registered under a fixed name.

A stored artifact names its class by that name and the name is looked up here, so that reading
an artifact can only ever build a class that the running program registered itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import attrs

from talkgraph.display import html

T = TypeVar("T")

_LONG = 40  # letters of a text that are shown
_by_name: dict[str, type] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def value(name: str, *, per_frame: tuple[str, ...] = ()) -> Callable[[type[T]], type[T]]:
    """Class decorator: make a frozen, keyword-only attrs class that the store can keep.

    Fields may be numbers, strings, None, arrays, `Frames`, `File`, other values, and lists,
    tuples and string-keyed dicts of these.

    Args:
        name: the name written into artifacts; fixed for ever, independent of module and class.
        per_frame: fields whose item t, along the first axis, belongs to frame t.
    """

    def register(cls: type[T]) -> type[T]:
        made = attrs.define(cls, frozen=True, kw_only=True, eq=False, slots=True, repr=False)
        made.__repr__ = in_short  # type: ignore[method-assign]
        _by_name[name] = made
        made.__value_name__ = name  # type: ignore[attr-defined]
        made._repr_html_ = html  # type: ignore[attr-defined]
        made.__per_frame__ = per_frame  # type: ignore[attr-defined]
        return made

    return register


def in_short(value: Any) -> str:
    """A value in one line: numbers and names as they are, sizes of all that is long.

    Example:
        >>> import numpy as np
        >>> @value("point")
        ... class Point:
        ...     at: object
        ...     name: str
        >>> Point(at=np.zeros((2, 3)), name="corner")
        Point(at=float64[2, 3], name='corner')
    """
    fields = ", ".join(
        f"{field.name}={_short(getattr(value, field.name))}" for field in attrs.fields(type(value))
    )
    return f"{type(value).__name__}({fields})"


def _short(content: Any) -> str:
    shape, dtype = getattr(content, "shape", None), getattr(content, "dtype", None)
    if shape and dtype is not None:
        return f"{dtype}{list(shape)}"
    if isinstance(content, list | tuple | dict):
        return f"{type(content).__name__} of {len(content)}"
    if isinstance(content, str | bytes) and len(content) > _LONG:
        return f"{content[:_LONG]!r}..."
    return " ".join(repr(content).split())


def value_class(name: str) -> type[Any] | None:
    """Return the class registered under `name`, or None."""
    return _by_name.get(name)


def value_name(cls: type) -> str | None:
    """Return the name under which `cls` is registered, or None; a subclass has its own or none."""
    return cls.__dict__.get("__value_name__")


def per_frame_fields(name: str) -> tuple[str, ...]:
    """The fields of a registered class that go by frames."""
    return getattr(value_class(name), "__per_frame__", ())


def value_names() -> list[str]:
    """Every name that is registered."""
    return sorted(_by_name)


def adopt(cls: type) -> None:
    """Make a value class of another process known here, unless its name is."""
    name = value_name(cls)
    if name is not None:
        _by_name.setdefault(name, cls)
