"""Types of ports and parameters: do two fit, does a value fit, and what are they called?"""

from __future__ import annotations

import enum
import sys
import types
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import attrs
import numpy as np

from talkgraph.cache.files import File
from talkgraph.cache.values import value_class, value_name, value_names

_BY_NAME: dict[str, Any] = {
    "Any": Any, "None": type(None), "Path": Path, "bool": bool, "bytes": bytes, "dict": dict,
    "float": float, "int": int, "list": list, "str": str, "tuple": tuple, "array": np.ndarray,
}  # fmt: skip


def plain(type_: Any) -> Any:
    """The type without Annotated, NewType and aliases; None as NoneType; a bound for a TypeVar."""
    while True:
        if type_ is None:
            return type(None)
        if get_origin(type_) is Annotated:
            type_ = get_args(type_)[0]
        elif isinstance(type_, NewType):
            type_ = type_.__supertype__
        elif isinstance(type_, TypeVar):
            type_ = type_.__bound__ or Any
        elif type(type_).__name__ == "TypeAliasType":  # `type X = ...` of Python 3.12
            type_ = type_.__value__
        else:
            return type_


def members(type_: Any) -> tuple[Any, ...]:
    """The alternatives of a union; the type itself if it is none."""
    type_ = plain(type_)
    if get_origin(type_) in (Union, types.UnionType):
        return tuple(inner for arg in get_args(type_) for inner in members(arg))
    return (type_,)


def is_optional(type_: Any) -> bool:
    """Whether None is among the alternatives."""
    return any(inner in (type(None), Any) for inner in members(type_))


def fits(source: Any, target: Any) -> bool:
    """Whether every value of type `source` may go into a port of type `target`."""
    if source is target:
        return True
    targets = members(target)
    return all(any(_fits(one, into) for into in targets) for one in members(source))


def _fits(source: Any, target: Any) -> bool:
    if Any in (source, target) or source == target or target is object:
        return True
    if get_origin(source) is Literal:
        if get_origin(target) is Literal:
            return set(get_args(source)) <= set(get_args(target))
        return all(fits(type(value), target) for value in get_args(source))
    if isinstance(source, str | ForwardRef) or isinstance(target, str | ForwardRef):
        return _last_name(source) == _last_name(target)  # unresolved: the name must do
    base, wanted = get_origin(source) or source, get_origin(target) or target
    if not (isinstance(base, type) and isinstance(wanted, type)):
        return False
    if base is bool and wanted is int:
        return False
    if not issubclass(base, wanted) and not (base is int and wanted is float):
        return False
    given, asked = get_args(source), get_args(target)
    if not given or not asked or base is not wanted:
        return True
    if base is np.ndarray:
        return fits(given[-1], asked[-1])  # the dtype; shapes are not typed
    if base is tuple and asked[-1] is Ellipsis:
        return all(fits(one, asked[0]) for one in given if one is not Ellipsis)
    if base is tuple and given[-1] is Ellipsis:
        return False
    return len(given) == len(asked) and all(map(fits, given, asked))


def _last_name(type_: Any) -> str:
    text = type_ if isinstance(type_, str) else getattr(type_, "__forward_arg__", None)
    return str(text or getattr(type_, "__name__", type_)).rpartition(".")[2]


def coerce(value: Any, type_: Any) -> Any:
    """The value as the type spells it: int to float, list to tuple, text to Path, File
    or enum member.

    Raises:
        TypeError: the value does not fit.
    """
    for inner in members(type_):
        try:
            return _coerce(value, inner)
        except TypeError:
            continue
    raise TypeError(f"expected {type_name(type_)}, got {type(value).__name__} {brief(value)}")


def takes(type_: Any, value: Any) -> bool:
    """Whether `coerce` can spell a value as the type."""
    try:
        coerce(value, type_)
    except TypeError:
        return False
    return True


def _coerce(value: Any, type_: Any) -> Any:
    """The value as one type that is no union spells it; TypeError if it does not fit."""
    base, args = get_origin(type_) or type_, get_args(type_)
    if base is Literal:
        if not any(value == one and type(value) is type(one) for one in args):
            raise TypeError
        return value
    if base in (Any, object) or not isinstance(base, type):
        return value
    if base is float and type(value) is int and abs(value) <= sys.float_info.max:
        return float(value)
    if base is float and isinstance(value, np.integer | np.floating):
        return float(value)
    if base is int and isinstance(value, np.integer):
        return int(value)
    if base is bool and isinstance(value, np.bool_):
        return bool(value)
    if base is File and isinstance(value, str | Path):
        return File(value)
    if issubclass(base, Path) and isinstance(value, str):
        return base(value)
    if issubclass(base, enum.Enum) and isinstance(value, str) and value in base.__members__:
        return base[value]
    if base is tuple and isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, base) or (base is int and isinstance(value, bool)):
        raise TypeError
    if base is tuple and args:
        inner = args[:1] * len(value) if args[-1] is Ellipsis else args
        if len(inner) != len(value):
            raise TypeError
        return tuple(map(coerce, value, inner))
    if base is list and args:
        return [coerce(item, args[0]) for item in value]
    if base is dict and args:
        return {coerce(k, args[0]): coerce(v, args[1]) for k, v in value.items()}
    return value


def type_name(type_: Any) -> str:
    """What people call a type: ``int``, ``FaceFit``, ``Speech | None``, ``tuple[int, ...]``."""
    if type_ is Ellipsis:
        return "..."
    names = []
    for inner in members(type_):
        base, args = get_origin(inner) or inner, get_args(inner)
        if inner is type(None):
            name = "None"
        elif base is Literal:
            name = f"one of {', '.join(map(repr, args))}"
        elif base is np.ndarray:
            scalar = get_args(args[-1]) if args else ()
            name = f"array[{type_name(scalar[0])}]" if scalar else "array"
        else:
            name = getattr(base, "__name__", None) or str(base)
            if args:
                name += f"[{', '.join(map(type_name, args))}]"
        names.append(name)
    return " | ".join(names)


def type_to_text(type_: Any) -> str | None:
    """A name that `type_from_text` understands, or None if the type has none."""
    names = []
    for inner in members(type_):
        name = value_name(inner) if isinstance(inner, type) else None
        if name is None:
            base = np.ndarray if get_origin(inner) is np.ndarray else inner
            name = next((key for key, known in _BY_NAME.items() if known is base), None)
        if name is None:
            return None
        names.append(name)
    return " | ".join(names)


def type_from_text(text: str) -> Any:
    """The type of a name in a graph file: ``Path``, ``clip``, ``int | None``; or LookupError."""
    found = []
    for name in (part.strip() for part in text.split("|")):
        known = _BY_NAME.get(name, value_class(name))
        if known is None:
            raise LookupError(name)
        found.append(known)
    return Union[tuple(found)]  # noqa: UP007


def type_names() -> list[str]:
    """Every name that `type_from_text` understands."""
    return [*_BY_NAME, *value_names()]


def identity(value: Any) -> Any:
    """A stand-in for a node or parameter: equal if and only if class and content are the same.

    Unlike the values themselves also for arrays and NaN, and with 1, 1.0 and True told apart.
    """
    kind = type(value)
    if isinstance(value, float):
        return kind, value.hex()
    if isinstance(value, list | tuple):
        return kind, [identity(item) for item in value]
    if isinstance(value, dict):
        return kind, [(identity(k), identity(v)) for k, v in sorted(value.items(), key=repr)]
    if isinstance(value, np.ndarray | np.generic):
        return kind, value.dtype, value.shape, value.tobytes()
    if attrs.has(kind):
        return kind, [identity(getattr(value, field.name)) for field in attrs.fields(kind)]
    return kind, value


def brief(value: Any) -> str:
    """A short one-line spelling of a value."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
