"""One piece of code or one value, as it is bound now, as a tree; and what it refers to.

Functions and classes of the user's own that are found under their own name are referred to by that
name, and are pieces of their own. All else counts where it stands: what a function has taken with
it, lambdas, closures, objects with their state; code of other packages by its qualified name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import functools
import sys
import types
import typing
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.cache.keys import Tree, canonical
from talkgraph.engine.keys.bytecode import Facts, facts_of
from talkgraph.engine.keys.first_party import is_engine
from talkgraph.engine.keys.names import FILLED, PLAIN, Names, Walk
from talkgraph.engine.keys.objects import (
    Named,
    NoKeyError,
    apart,
    inside,
    is_known_by_name,
    of_singledispatch,
    of_the_process,
    place_of,
    registered_with,
    sorted_state,
    without_kept,
)
from talkgraph.errors import InputError, KeyingError

_LEAVES = (np.ndarray, np.generic, File, Frames)
_ABOUT = frozenset({
    "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__",
    "__attrs_attrs__", "__attrs_own_setattr__", "__attrs_props__", "__dataclass_fields__",
    "__dataclass_params__", "__dict__", "__doc__", "__firstlineno__", "__module__", "__qualname__",
    "__slotnames__", "__static_attributes__", "__talkgraph_names__", "__weakref__", "_abc_impl",
    "_repr_html_",
})  # fmt: skip
_OF_NODES = frozenset(
    {"node_id", "node_version", "transient", "gpu", "receptive_field", "node_files"}
)
_OF_MEMBERS = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"})


class Reading(Names):
    """A tree that is being made, of one piece of code or one value."""

    def __init__(self, walk: Walk, where: str) -> None:
        super().__init__(walk, where)
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []  # so that an id stays that of one thing
        self._quoting: dict[str, Any] | None = None  # names of the module, within annotations

    def tree(self, value: Any, name: str) -> Tree:
        """Any value; KeyingError names the variable that has no digest."""
        kind = type(value)
        if kind is str and self._quoting is not None:
            return self._quoted(value, self._quoting)
        if kind is str and (within := self._ours.place(value)) is not None:
            return ["of the project", within]
        if kind in PLAIN:
            return [kind.__name__, value.hex() if kind is float else _spelled(value)]
        if isinstance(value, types.ModuleType):
            return self.module(value)
        if (path := of_the_process(value)) is not None:
            return self.foreign(path)
        if kind is tuple:
            return ["tuple", [self.tree(one, f"{name}[{at}]") for at, one in enumerate(value)]]
        if kind in (set, frozenset):
            return self._set(value, name)
        place = place_of(value)
        if place is not None:
            return self.placed(value, *place)
        if id(value) in self._seen:
            return ["again", self._seen[id(value)]]
        if isinstance(value, types.FunctionType):
            return self.function(value, name)
        if kind in (list, dict) or hasattr(value, "__dict__"):
            self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        if kind is list:
            return ["list", [self.tree(one, f"{name}[{at}]") for at, one in enumerate(value)]]
        if kind in (dict, types.MappingProxyType):
            return ["dict", [
                [self.tree(key, f"{name} key"), self.tree(one, f"{name}[{key!r:.40}]")]
                for key, one in list(value.items())
            ]]  # fmt: skip
        if isinstance(value, type):
            return self.class_(value, name)
        return self.object_(value, name)

    def _set(self, value: Any, name: str) -> Tree:
        """A set; its items come in any order, so none may count on what was seen in another."""
        seen, items = dict(self._seen), []
        for one in value:
            items.append(self.tree(one, name))
            self._seen = dict(seen)
        return [type(value).__name__, sorted(items, key=canonical)]

    def function(self, function: types.FunctionType, name: str) -> Tree:
        """A function with what it refers to and has taken with it."""
        self._seen[id(function)] = len(self._seen)
        self._alive.append(function)
        code, space = function.__code__, function.__globals__
        home = space.get("__name__")
        foreign = isinstance(home, str) and not self._ours.has(home) and home in sys.modules
        if foreign:
            if is_engine(home) and not hasattr(function, "__wrapped__"):
                return self.foreign(f"{home}.{code.co_qualname}")
            facts, named = None, [self.foreign(f"{home}.{code.co_qualname}")]
        else:
            facts = facts_of(code)
            named = [facts.digest, *self.references(facts, space)]
        taken = [
            self._cell(cell, variable, facts)
            for variable, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)
            if variable == "registry" or not of_singledispatch(function)  # the rest is its memory
        ]
        more = {key: one for key, one in vars(function).items() if not of_singledispatch(one)}
        return [
            "function", named, taken,
            self.tree(function.__defaults__, f"{name} default"),
            self.tree(function.__kwdefaults__, f"{name} default"),
            [[key, self.tree(one, f"{name}.{key}")] for key, one in sorted(more.items())],
            [] if foreign else self.annotations(function, space),
        ]  # fmt: skip

    def _cell(self, cell: types.CellType, variable: str, facts: Facts | None) -> Tree:
        """A variable of the surroundings."""
        try:
            value = cell.cell_contents
        except ValueError:
            return ["not bound"]
        if facts is not None and facts.only_writes(variable) and type(value) in FILLED:
            return ["written"]
        return self.tree(value, variable)

    def annotations(self, thing: Any, space: dict[str, Any]) -> Tree:
        """Annotations: they name the classes of what is passed."""
        made = getattr(thing, "__annotate__", None)  # since Python 3.14
        if isinstance(made, types.FunctionType):
            return self.references(facts_of(made.__code__), made.__globals__)
        before, self._quoting = self._quoting, space
        try:
            return [
                [name, self.tree(one, f"annotation {name}")]
                for name, one in sorted(_annotated(thing).items())
            ]
        finally:
            self._quoting = before

    def _quoted(self, text: str, space: dict[str, Any]) -> Tree:
        """A text in an annotation: most often the name of a class."""
        facts = _facts_of_text(text)
        return ["text", text] if facts is None else [facts.digest, *self.references(facts, space)]

    def class_(self, cls: type, name: str, own: bool = False) -> Tree:
        """A class with all that it holds.

        Args:
            own: it is the node's: its name is free, and its parameters are in the key by value.
        """
        home = cls.__module__
        if not self._ours.has(home) and home in sys.modules and is_known_by_name(cls):
            return self.foreign(f"{home}.{cls.__qualname__}")
        of_node = _OF_NODES if hasattr(cls, "node_version") else frozenset()
        found = {
            key: self._member(cls, key, one, f"{name}.{key}")
            for key, one in sorted(vars(cls).items())
            if key not in _ABOUT and key not in of_node and not is_machinery(cls, key, one)
        }
        if issubclass(cls, enum.Enum):
            members = cls.__members__
            for key, one in members.items():
                more = {word: it for word, it in vars(one).items() if word not in _OF_MEMBERS}
                held = (one._value_, without_kept(cls, sorted_state(more)))
                found[f"member {key}"] = self.tree(held, f"{name}.{key}")
            found["members"] = list(members)
        if not own:
            space = vars(sys.modules[home]) if home in sys.modules else {}
            if of_node:  # another node, that this one runs
                found["version"] = [vars(cls).get("node_version"), self.files(cls)]
            found["fields"] = [
                cls.__qualname__, self.fields(cls, name), self.annotations(cls, space)
            ]  # fmt: skip
        if registered := registered_with(cls):
            found["registered"] = self._set(registered, name)
        bases = self.tree(cls.__bases__, f"{name} base")
        meta = [] if type(cls) is type else self.tree(type(cls), f"{name} metaclass")
        return ["class", bases, meta, found]

    def _member(self, cls: type, key: str, one: Any, name: str) -> Tree:
        """What a class holds; its own methods are part of it."""
        inner = inside(one)
        its_own = getattr(inner, "__qualname__", "") == f"{cls.__qualname__}.{key}"
        if its_own and isinstance(inner, types.FunctionType) and id(inner) not in self._seen:
            return [type(one).__name__, self.function(inner, name)]
        return self.tree(one, name)

    def files(self, cls: type) -> Tree:
        """Content of the files that a node declares."""
        home = getattr(sys.modules.get(cls.__module__), "__file__", None)
        folder = Path(home).parent if home else Path.cwd()
        found = []
        for name in getattr(cls, "node_files", ()):
            try:
                found.append([name, self._store.content(folder / name)[0]])
            except InputError as error:
                raise KeyingError(f"{self._where}: of its files, {error}") from None
        return found

    def fields(self, cls: type, name: str) -> Tree:
        """The fields of an attrs class or dataclass: defaults, converters and validators."""
        made = [key for key, one in vars(cls).items() if attrs.has(cls) and _is_of_attrs(one)]
        found: list[Tree] = [sorted(made)]
        for field in attrs.fields(cls) if attrs.has(cls) else ():
            facts = [field.name, field.alias, field.init, field.kw_only, field.eq, field.order]
            told = {key: one for key, one in field.metadata.items() if key != "talkgraph"}
            calls = (
                field.default, field.converter, field.validator, field.on_setattr, field.repr,
                field.hash, field.eq_key, field.order_key, told,
            )  # fmt: skip
            if field.metadata.get("talkgraph", {}).get("keyed", True):
                found.append([facts, self.tree(calls, f"{name}.{field.name}")])
        for one in dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ():
            facts = [one.name, one.init, one.kw_only, one.compare]
            given = (one.default, one.default_factory, one.metadata)
            found.append([facts, self.tree(given, f"{name}.{one.name}")])
        return found

    def object_(self, value: Any, name: str) -> Tree:
        """Any other object."""
        if isinstance(value, Path):
            own = [] if type(value) is type(Path()) else self.tree(type(value), name)
            return ["path", own, self._path(value, name)]
        if isinstance(value, _LEAVES):
            return ["content", self._store.digest_of(value, self._variable(name))[1]]
        if isinstance(value, Named):
            return self.foreign(value.path)
        if isinstance(value, typing.ForwardRef):
            return self._quoted(value.__forward_arg__, self._quoting or {})
        try:
            found = apart(value, self._ours)
        except NoKeyError as error:
            raise KeyingError(f"{self._variable(name)}: {error}") from None
        if isinstance(found, Named):
            return self.foreign(found.path)
        return [*found.words, *(self.tree(one, name + word) for word, one in found.parts)]

    def _path(self, path: Path, name: str) -> Tree:
        """A file by its content; a folder, or what is not there, by its place in the project."""
        if path.is_file():
            return ["content", self._store.digest_of(path, self._variable(name))[1]]
        place = self._ours.place_of_folder(path)
        return ["path", str(path)] if place is None else ["folder", place]


@functools.lru_cache(10_000)
def _facts_of_text(annotation: str) -> Facts | None:
    """Facts of an annotation that is a text."""
    with contextlib.suppress(SyntaxError, ValueError):
        return facts_of(compile(annotation, "annotation", "eval", dont_inherit=True))
    return None


def _annotated(thing: Any) -> dict[str, Any]:
    """The annotations of a function, or of a class without those of its bases."""
    own = vars(thing) if isinstance(thing, type) else {"__annotations__": thing.__annotations__}
    return dict(own.get("__annotations__", {}))


def _spelled(value: Any) -> str:
    return hex(value) if type(value) is int else repr(value)


def is_machinery(cls: type, name: str, own: Any) -> bool:
    """Whether an attribute is made from others: by attrs, by an enum, or for slots."""
    if isinstance(own, types.MemberDescriptorType | types.GetSetDescriptorType):
        return True
    if _is_of_attrs(own):
        return True
    if isinstance(own, types.FunctionType):
        return name == "__init__" and is_engine(str(own.__globals__.get("__name__")))
    if name == "__init__" and getattr(cls, "_is_protocol", None) is False:  # set by typing, late
        return any(own is vars(base).get(name) for base in cls.__mro__[1:])
    of_enum = issubclass(cls, enum.Enum)
    reserved = name[:1] == name[-1:] == "_" and name[1:2] != "_"  # which no user may set
    return of_enum and (isinstance(own, cls) or (reserved and type(own) in (dict, list)))


def _is_of_attrs(own: Any) -> bool:
    """Whether a method of a class was made by attrs."""
    inner = getattr(own, "__func__", own)
    if not isinstance(inner, types.FunctionType):
        return False
    made = inner.__code__.co_filename.startswith("<attrs generated")
    return made or str(inner.__globals__.get("__name__")).startswith("attr.")
