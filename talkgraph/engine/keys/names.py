"""What a name stands for that code reads: through modules and imports, to what is bound now."""

from __future__ import annotations

import collections
import contextlib
import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any, Protocol

from talkgraph.cache.keys import Tree, digest_tree
from talkgraph.cache.store import Store
from talkgraph.engine.keys.bytecode import WRITES, Chain, Facts, Import
from talkgraph.engine.keys.first_party import FirstParty, is_engine
from talkgraph.engine.keys.objects import find, place_of
from talkgraph.engine.keys.unloaded import Piece
from talkgraph.errors import KeyingError

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
FILLED = frozenset({
    list, dict, set, bytearray, collections.deque, collections.defaultdict, collections.Counter,
    collections.OrderedDict, type(Path()),
})  # fmt: skip
"""Exact types, whose methods of `WRITES` do what they are known for."""

_OF_MODULES = frozenset({
    "__builtins__", "__cached__", "__file__", "__loader__", "__name__", "__package__",
    "__path__", "__spec__",
})  # fmt: skip


_NOT_OF_ALL = _OF_MODULES | {
    "__doc__", "__all__", "__annotations__", "__conditional_annotations__",
}  # fmt: skip


class Walk(Protocol):
    """What readings of one plan or run share."""

    store: Store
    ours: FirstParty
    recording: bool  # what is behind names of modules is to be remembered, loaded or not

    def value_of(self, label: str, value: Any) -> Piece:
        """A variable of a module, as a piece that refers to it."""

    def recall(self, place: str) -> tuple[Tree, Piece] | None:
        """What is remembered of a place in a module that is not loaded."""

    def loaded(self, place: str, tree: Tree, piece: Piece) -> None:
        """A module was loaded to see what stands there."""


class Names:
    """What one piece of code names.

    parts: pieces that it refers to, by name.
    values: digests of the variables that it reads, by name in the order of first use; of one that
        it only writes into, nothing.
    packages: top-level modules of other people's that it names.
    """

    def __init__(self, walk: Walk, where: str) -> None:
        self.parts: dict[str, Any] = {}
        self.values: dict[str, str] = {}
        self.packages: set[str] = set()
        self._spaces: dict[int, Any] = {}  # modules that are read in place
        self._walk, self._where = walk, where
        self._store, self._ours = walk.store, walk.ours

    def placed(self, value: Any, module: str, name: str) -> Tree:
        """Code that is found under its name."""
        if self._ours.has(module):
            part = f"{module}.{name}"
            self.parts[part] = value
            return ["part", part]
        return self.foreign(f"{module}.{name}")

    def foreign(self, path: str) -> Tree:
        """Something of another package, by name."""
        top = path.partition(".")[0]
        if not is_engine(path):
            self.packages.add(top)
        return ["name", path]

    def references(self, facts: Facts, space: dict[str, Any]) -> list[Tree]:
        """What a function names in its module, and what it imports."""
        found = [
            ["imported"] if _is_imported(chain[0], facts, space) else self._global(chain, space)
            for chain in facts.globals
        ]
        texts = (space.get(name) for name in facts.named)
        named = [Import.of(text) for text in texts if isinstance(text, str)]
        found += [self._import(one, space) for one in (*facts.imports, *named)]
        if facts.dynamic:
            found.append(self.module(sys.modules.get(str(space.get("__name__"))) or space))
        return found

    def _global(self, chain: Chain, space: dict[str, Any]) -> Tree:
        """What a name stands for that a function reads in its module."""
        name, *attributes = chain
        if name in _OF_MODULES:
            return ["of the module", name]
        if name in space:
            return self._follow(space[name], attributes, f"{space.get('__name__')}.{name}")
        found = space.get("__builtins__", {})
        found = found if isinstance(found, dict) else vars(found)
        return ["name", f"builtins.{name}"] if name in found else ["not bound", name]

    def _follow(self, value: Any, attributes: list[str], label: str, data: bool = True) -> Tree:
        """Go through modules to what is named of them."""
        ours, module = True, ""
        attributes = list(attributes)
        while isinstance(value, types.ModuleType) and attributes:
            name = attributes.pop(0)
            module, label = value.__name__, f"{value.__name__}.{name}"
            ours = self._ours.has(module)
            if name in _OF_MODULES:
                return ["of the module", name]
            if name in vars(value):
                value = vars(value)[name]
            elif ours:
                return self._loading(module, [name, *attributes])
            else:
                return self.foreign(".".join([label, *attributes]))
            data = data and (ours or not isinstance(value, types.ModuleType))
        if isinstance(value, types.ModuleType):
            return self.module(value)
        if len(attributes) == 1 and attributes[0] in WRITES and type(value) in FILLED:
            self.values.setdefault(label, "")
            return ["written", self._number(label)]
        place = place_of(value)
        if place is not None and (ours or self._ours.has(place[0])):
            return self.placed(value, *place)
        made = isinstance(value, types.FunctionType)  # and put there, where it has no name
        home = value.__globals__.get("__name__") if made else None
        data = data and (module != "sys" or label == "sys.argv")
        if value is sys.argv:
            value = value[1:]  # the rest is where the program lies
        if ours or (data and _is_plain(value)) or (home and self._ours.has(home)):
            self._add(self._walk.value_of(label, value))
            return ["value", self._number(label)]
        return self.foreign(".".join([label, *attributes]))

    def module(self, module: Any) -> Tree:
        """A module that is passed on: any of its names may be read."""
        name = module.__name__ if isinstance(module, types.ModuleType) else "<names>"
        if name == "talkgraph" or is_engine(name):  # its face only passes on what others define
            return ["name", name]
        if sys.modules.get(name) is not module and name.partition(".")[0] not in sys.modules:
            return self.apart(module)  # loaded by its file, say
        if isinstance(module, types.ModuleType) and not self._ours.has(name):
            return self.foreign(name)
        self.parts[f"{name}.*"] = module
        return ["part", f"{name}.*"]

    def apart(self, module: Any) -> Tree:
        """A module, or names, that are found under no name."""
        if id(module) in self._spaces:
            return ["again"]
        self._spaces[id(module)] = module
        return ["names", self.whole(module)]

    def whole(self, module: Any) -> Tree:
        """All names of a module."""
        space = vars(module) if isinstance(module, types.ModuleType) else module
        label = space.get("__name__")
        return [
            [name, self._follow(one, [], f"{label}.{name}")]
            for name, one in sorted(space.items())
            if name not in _NOT_OF_ALL
        ]

    def _import(self, one: Import, space: dict[str, Any]) -> Tree:
        """What an import inside a function stands for."""
        name = one.module
        if one.level:
            package = space.get("__package__") or str(space.get("__name__")).rpartition(".")[0]
            name = importlib.util.resolve_name("." * one.level + name, package)
        path = [*([one.name] if one.name else []), *one.chain]
        if not self._ours.has(name):
            module = sys.modules.get(name)
            live = self._follow(module, path, name, data=name == "sys") if module else ["name"]
            return self.foreign(".".join([name, *path])) if live[0] == "name" else live
        return self._loading(name, path)

    def _loading(self, module: str, path: list[str]) -> Tree:
        """What stands in a module of the user's own that may have to be loaded to see it."""
        place = f"{module}:{'.'.join(path)}"
        space = vars(sys.modules[module]) if module in sys.modules else {}
        alone = type(self)(self._walk, self._where)  # read alike, loaded or not
        if path[:1] and path[0] in space and not self._walk.recording:
            tree = alone._follow(sys.modules[module], path, module)
            self._add(alone.piece(tree, None))
            return tree
        known = self._walk.recall(place)
        if known is None:
            tree = alone._loaded(module, path)
            known = tree, alone.piece(tree, None)
            self._walk.loaded(place, *known)
        self._add(known[1])
        return known[0]

    def _loaded(self, module: str, path: list[str]) -> Tree:
        """What stands in a module, which is imported if it is not."""
        try:
            space = vars(importlib.import_module(module))
            if path and path[0] not in space and "__path__" in space:
                with contextlib.suppress(ImportError):
                    importlib.import_module(f"{module}.{path[0]}")
            if path and path[0] not in space:
                value = getattr(sys.modules[module], path[0])  # it may load this by itself
                return self._follow(value, path[1:], f"{module}.{path[0]}")
        except (AttributeError, ImportError, OSError):
            return ["not there", module, path[:1]]
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise KeyingError(
                f"{self._where}: {module} cannot be imported ({said}); mend it"
            ) from None
        return self._follow(sys.modules[module], path, module)

    def piece(self, tree: Tree, value: Any) -> Piece:
        """All that was found, for a finished tree."""
        module = getattr(value, "__module__", None) or getattr(value, "__name__", None)
        return Piece(str(module), digest_tree(tree), self.parts, self.values, self.packages, value)

    def _add(self, other: Piece) -> None:
        """Refer to all that another piece refers to."""
        self.parts.update(other.parts)
        for label, digest in other.values.items():
            if digest or label not in self.values:
                self.values[label] = digest
        self.packages.update(other.packages)

    def _number(self, label: str) -> int:
        """Which of the variables it is, without its name."""
        return list(self.values).index(label)

    def _variable(self, name: str) -> str:
        return f"{self._where}, variable '{name}'"


def _is_imported(name: str, facts: Facts, space: dict[str, Any]) -> bool:
    """Whether a function binds a name of its module by an import, and nothing else has."""
    bound = [find(one.module, one.name or "*") for one in facts.imports]
    return name in facts.imported and (
        name not in space or any(space[name] is one for one in bound if one is not None)
    )


def _is_plain(value: Any) -> bool:
    """Whether a value of another package is data."""
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    return type(value) in PLAIN
