"""Code that lies in no file, as in a notebook: its source is found in the cells that were run."""

from __future__ import annotations

import ast
import contextlib
import inspect
import linecache
import textwrap
import types
from pathlib import Path
from typing import Any, cast

import attr
import attrs

from talkgraph.cache.keys import Tree
from talkgraph.engine.source import find_class


def source_of(thing: Any) -> ast.stmt | None:
    """The statement that made a class or function; None if no cell shows it."""
    with contextlib.suppress(OSError, TypeError, SyntaxError, IndexError):
        if not isinstance(thing, type):
            return ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
        for method in vars(thing).values():  # a class is found through its methods' cell
            made = _function_in(method)
            lines = linecache.getlines(made.__code__.co_filename) if made is not None else []
            found = find_class(ast.parse("".join(lines)), thing.__qualname__)
            if found is not None:
                return found
    return None


def record_of(thing: Any) -> Tree | None:
    """The fields of a class that has nothing else, so that its source is of no interest."""
    if not (isinstance(thing, type) and attrs.has(thing)) or thing.__mro__[1:] != (object,):
        return None
    import talkgraph

    made = ("<attrs", *(str(Path(inspect.getfile(one)).parent) for one in (attr, talkgraph)))
    for name, own in vars(thing).items():
        function = _function_in(own)
        plain = name.startswith("__") or isinstance(own, types.MemberDescriptorType)
        if not (function.__code__.co_filename.startswith(made) if function else plain):
            return None
    fields = attrs.fields(cast(Any, thing))
    return [[field.name, str(field.type), repr(field.default)] for field in fields]


def carried_by(thing: Any) -> dict[str, Any]:
    """Values that a function took with it when it was made: of its surroundings, and defaults."""
    function = _function_in(thing)
    if function is None:
        return {}
    found: dict[str, Any] = dict(function.__kwdefaults__ or {})
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults = function.__defaults__ or ()
    found.update(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        with contextlib.suppress(ValueError):  # not filled yet
            found[name] = cell.cell_contents
    return found


def _function_in(member: Any) -> types.FunctionType | None:
    """The function itself, or the one inside a method, a property, a decorated function."""
    for name in ("fget", "__func__", "func"):
        inner = getattr(member, name, None)
        member = member if inner is None else inner
    member = inspect.unwrap(member) if callable(member) else member
    return member if isinstance(member, types.FunctionType) else None
