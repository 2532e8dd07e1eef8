"""Code that lies in no file, as in a notebook: its source, and what it took with it when made."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import enum
import functools
import inspect
import linecache
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any

import attrs

from talkgraph.cache.codecs import record_fields
from talkgraph.engine.keys.source import find_class

_ABOUT = {  # what Python and class decorators note on a class: its code says it, or `_fields_of`
    "__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__",
    "__annotations_cache__", "__attrs_attrs__", "__attrs_base_of_slotted__",
    "__attrs_own_setattr__", "__attrs_props__", "__dataclass_fields__", "__dataclass_params__",
    "__doc__", "__firstlineno__", "__module__", "__orig_bases__", "__parameters__",
    "__match_args__", "__qualname__", "__slots__", "__static_attributes__", "_abc_impl",
    "_repr_html_",
}  # fmt: skip


def source_of(thing: Any) -> ast.stmt | None:
    """The statement that made a class or function; None if no cell shows it."""
    with contextlib.suppress(OSError, TypeError, SyntaxError, IndexError):
        if not isinstance(thing, type):
            return ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
        for method in vars(thing).values():  # a class is found through its methods' cell
            for made in _functions_in(method):
                lines = linecache.getlines(inspect.unwrap(made).__code__.co_filename)
                found = find_class(ast.parse("".join(lines)), thing.__qualname__)
                if found is not None:
                    return found
    return None


def carried_by(thing: Any) -> dict[str, Any]:
    """Values and code that something took with it when it was made, by name.

    A function: defaults, and variables of its surroundings; a class: all that it holds.
    """
    if isinstance(thing, functools.partial):
        return {"func": thing.func, "args": thing.args, "keywords": thing.keywords}
    if isinstance(thing, type):
        return _held_by(thing)
    found: dict[str, Any] = {}
    for function in _functions_in(thing):
        found.update(function.__kwdefaults__ or {})
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        defaults = function.__defaults__ or ()
        found.update(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        cells = function.__closure__ or ()
        for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
            with contextlib.suppress(ValueError):  # not filled yet
                found[name] = cell.cell_contents
    if isinstance(thing, types.MethodType):
        found["self"] = thing.__self__
    registry = getattr(thing, "registry", None)
    if isinstance(registry, types.MappingProxyType):  # of functools.singledispatch
        found.update({kind.__qualname__: function for kind, function in registry.items()})
    return found


def plain(value: Any) -> Any:
    """A value as what its digest is taken of: annotations are spelled out."""
    return f"{value!r}" if type(value).__module__ in ("typing", "types") else value


def classes_in(value: Any) -> Iterator[type]:
    """Classes of the objects that a value with a digest is made of."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from classes_in(item)
    elif isinstance(value, enum.Enum):
        yield type(value)
    elif attrs.has(type(value)) or dataclasses.is_dataclass(value):
        yield type(value)
        for field in record_fields(type(value)):
            yield from classes_in(getattr(value, field.name))


def _held_by(cls: type) -> dict[str, Any]:
    """Bases, fields, members and attributes of a class; of descriptors their functions."""
    found: dict[str, Any] = {f"base {base.__name__}": base for base in cls.__bases__}
    found["metaclass"] = type(cls)
    found.update(_fields_of(cls))
    hidden = {*_ABOUT, *found, *getattr(cls, "_fields", ())}
    for name, own in vars(cls).items():
        functions = list(_functions_in(own))
        written = [one for one in functions if not _is_generated(cls, one)]
        found.update({f"{name} {at}".removesuffix(" 0"): one for at, one in enumerate(written)})
        if not (functions or name in hidden or _is_machinery(cls, name, own)):
            found[name] = own
    return found


def _fields_of(cls: type) -> dict[str, Any]:
    """Members of an enum; fields of an attrs class or dataclass with their defaults."""
    if issubclass(cls, enum.Enum):
        return {name: member.value for name, member in cls.__members__.items()}
    found: dict[str, Any] = {}
    for field in getattr(cls, "__attrs_attrs__", ()):
        found[field.name] = getattr(field.default, "factory", field.default)
        found[f"{field.name} converter"] = field.converter or attrs.NOTHING
        found[f"{field.name} validator"] = field.validator or attrs.NOTHING
    if dataclasses.is_dataclass(cls):
        for one in dataclasses.fields(cls):
            missing = one.default is dataclasses.MISSING
            found[one.name] = one.default_factory if missing else one.default
    fields = {"__fields__": [name for name in found if " " not in name]} if found else {}
    absent = (attrs.NOTHING, dataclasses.MISSING)
    return fields | {name: one for name, one in found.items() if not any(one is a for a in absent)}


def _functions_in(member: Any) -> Iterator[types.FunctionType]:
    """The functions that a method, property or decorated function is made of, as written here."""
    inner = [getattr(member, name, None) for name in ("fget", "fset", "fdel", "__func__", "func")]
    for one in [one for one in inner if one is not None] or [member]:
        last = inspect.unwrap(one) if callable(one) else one
        if isinstance(last, types.FunctionType):
            while one is not last:  # its wrappers, without those that the library made
                if getattr(one, "__globals__", None) is last.__globals__:
                    yield one
                one = one.__wrapped__
            yield last


def _is_generated(cls: type, function: types.FunctionType) -> bool:
    """Whether a method was made from fields: by attrs, a dataclass or a named tuple."""
    function = inspect.unwrap(function)
    if function.__globals__.get("__name__") != cls.__module__ == function.__module__:
        return True
    file = function.__code__.co_filename
    by_fields = dataclasses.is_dataclass(cls) or hasattr(cls, "_field_defaults")
    return file.startswith("<attrs") or (file == "<string>" and by_fields)


def _is_machinery(cls: type, name: str, own: Any) -> bool:
    """Whether an attribute is a descriptor of the library, or of an enum's own making."""
    if hasattr(type(own), "__get__"):
        return type(own).__module__.partition(".")[0] in sys.stdlib_module_names
    return issubclass(cls, enum.Enum) and name.startswith("_")
