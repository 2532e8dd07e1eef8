"""Digest of a node's code: its class and, transitively, the first-party definitions it uses.

A definition counts as its syntax tree without docstrings, comments and layout; `param` counts with
its default only, once it is read. What a definition uses is found by name: module-level functions,
classes and constants with the statements and decorators that alter them, imports at any depth (also
inside functions), attributes of imported modules, and data files named in the code that lie beside
it or in its ``data`` folder; a module that is used in a way that cannot be resolved counts as a
whole. First-party is the node's own top-level package, talkgraph, for code outside site-packages
everything that lies beside that package, and for a notebook all that it imports from outside
site-packages. The engine and the cache are left out: `keys.FORMAT` versions them.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import inspect
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from talkgraph.cache import disk
from talkgraph.cache.keys import digest_file, digest_tree
from talkgraph.cache.records import Record
from talkgraph.cache.store import Store
from talkgraph.engine import live
from talkgraph.engine.node import Node
from talkgraph.engine.source import (
    Facts,
    Module,
    Place,
    facts_of,
    find_class,
    module_path,
    note_imports,
    parse,
    source_stamp,
)
from talkgraph.engine.types import coerce
from talkgraph.engine.unread import without_unread
from talkgraph.errors import KeyingError

OWN = "the node"
"""The name of the node's own class among the parts; a rename of the class keeps results."""

_VERSIONED = ("talkgraph.engine", "talkgraph.cache", "talkgraph.errors")
_FACE = "talkgraph"  # the package itself only passes on what others define
_INSTALLED = {"site-packages", "dist-packages"}


@attrs.frozen
class CodeDigest:
    """Digest of all code of a node, and of each definition by name, to say which one changed."""

    digest: str
    parts: dict[str, str]


Stamps = dict[str, disk.Stamp | None]
"""Files that were read, and with None those that would have been if they were there."""


def code_digest(cls: type, store: Store) -> CodeDigest:
    """Digest of a node class; KeyingError if its source cannot be read.

    Remembered with the stamps of all files that were read, so that a warm plan only looks at those.
    """
    known = _in_process.get(cls)
    if known is not None and _fresh(known[1]):
        return known[0]
    note_imports(cls.__module__.partition(".")[0])
    subject = f"{cls.__module__}:{cls.__qualname__}:{_file_of(cls)}"
    fixed = _file_of(cls).endswith(".py") and "<locals>" not in cls.__qualname__
    lasting = fixed and cls.__module__ != "__main__"
    remembered = _remembered(store.memo("code", subject)) if lasting else None
    if remembered is not None and _fresh(remembered[1]):
        _in_process[cls] = remembered
        return remembered[0]
    closure = _Closure(cls, store)
    found = closure.digest()
    if not fixed:  # live values count, which no stamp tells of
        return found
    if all(mark is None or disk.settled(mark) for mark in closure.stamps.values()):
        _in_process[cls] = (found, closure.stamps)
        fact = {"files": closure.stamps, "digest": found.digest, "parts": found.parts}
        if lasting:
            store.remember("code", subject, {**fact, "python": sys.version})
    return found


_in_process: dict[type, tuple[CodeDigest, Stamps]] = {}


def _remembered(memo: Record | None) -> tuple[CodeDigest, Stamps] | None:
    """What a memo says; None if it is of another Python or another talkgraph."""
    try:
        if memo is None or memo["python"] != sys.version:
            return None
        stamps: Stamps = {path: mark and tuple(mark) for path, mark in memo["files"].items()}
        parts = coerce(memo["parts"], dict[str, str])
        return CodeDigest(coerce(memo["digest"], str), parts), stamps
    except (KeyError, TypeError, AttributeError):
        return None


def _fresh(stamps: Stamps) -> bool:
    for text, mark in stamps.items():
        path = Path(text)
        try:
            if source_stamp(path) != mark:
                return False
        except (OSError, ValueError):
            if mark is not None:
                return False
    return True


def _file_of(cls: type) -> str:
    return str(getattr(sys.modules.get(cls.__module__), "__file__", None))


class _Closure:
    """All definitions that a node class reaches."""

    def __init__(self, cls: type, store: Store) -> None:
        self.stamps: Stamps = {}
        self._store = store
        self._cls = cls
        self._roots = _roots(cls)
        self._modules: dict[str, Module | None] = {}
        self._paths: dict[str, Path | None] = {}
        self._ours: dict[str, bool] = {}

    def digest(self) -> CodeDigest:
        parts: dict[str, str] = {}
        module = self._cls.__module__
        own = self._own_facts()
        parts[OWN] = own.digest
        pending = [*self._uses(module, own)]
        self._data_files(module, own, parts)
        pending.extend(self._live_parts(own, parts))
        if "<locals>" in self._cls.__qualname__:
            pending.append((module, self._cls.__qualname__.partition(".")[0]))
        for base in self._cls.__mro__[1:-1]:
            if self._first_party(base.__module__):
                pending.append((base.__module__, base.__qualname__.partition(".")[0]))
        itself: Place = (module, self._cls.__qualname__)
        seen: set[Place] = {itself}
        while pending:
            place = pending.pop()
            if place == itself:  # code that names the class may look at any declaration
                parts[OWN] = self._own_facts(whole=True).digest
            found = self._module(place[0]) if place not in seen else None
            seen.add(place)
            if found is not None and (place[1] == "*" or place[1] in found.definitions):
                facts = found.facts(place[1])
                parts[place[0] if place[1] == "*" else ".".join(place)] = facts.digest
                self._data_files(place[0], facts, parts)
                pending.extend(self._uses(place[0], facts))
        return CodeDigest(digest_tree(["code", parts]), parts)

    def _own_facts(self, whole: bool = False) -> Facts:
        """Facts of the class itself, without its name and decorators (id and version are apart)."""
        cls = self._cls
        module = self._module(cls.__module__)
        found: ast.stmt | None = find_class(module.tree, cls.__qualname__) if module else None
        if found is None:
            found = self._live_source(cls)
        assert isinstance(found, ast.ClassDef)
        alone = self._cls.__mro__[1:-1] == (Node,)
        body = without_unread(found) if alone and not whole else found.body
        nameless = ast.ClassDef("node", found.bases, found.keywords, body, [])
        return facts_of([nameless], cls.__module__, self._is_package(cls.__module__))

    def _live_source(self, thing: Any) -> ast.stmt:
        """Source of a class or function that lies in no file; KeyingError if there is none."""
        found = live.source_of(thing)
        if found is None:
            raise KeyingError(
                f"node '{getattr(self._cls, 'node_id', '?')}': the source of {thing.__qualname__} "
                "cannot be read, so a change of it would go unnoticed; define it in a file"
            )
        return found

    def _live_parts(self, facts: Facts, parts: dict[str, str]) -> Iterator[Place]:
        """Count what no source tells: variables that code took with it and, for code that lies in
        no file, the globals of its module as they are now."""
        here, in_cell = self._cls.__module__, self._path(self._cls.__module__) is None
        space = vars(sys.modules[here]) if in_cell else {}
        pending = [*_named(facts, space), *self._own_values(facts if in_cell else None)]
        seen = {id(self._cls): self._cls}
        while pending:
            name, value, attributes, owner = pending.pop()
            if isinstance(value, types.ModuleType):
                yield from self._resolve((value.__name__, "*"), attributes)
                continue
            if f"variable {name}" in parts or id(value) in seen:
                continue
            if not _is_code(value):
                try:
                    where = f"node '{self._cls.__name__}', variable '{name}'"
                    parts[f"variable {name}"] = self._store.digest_of(live.plain(value), where)[0]
                except KeyingError:
                    if owner is None or live.source_of(owner) is None:
                        raise
                    value = owner  # its source says what the variable is
                else:
                    pending.extend((one.__name__, one, (), None) for one in live.classes_in(value))
                    continue
            seen[id(value)] = value
            home = getattr(value, "__module__", None)
            home = None if isinstance(value, functools.partial) else home
            cell = in_cell and home == here
            if cell and (value is owner or not isinstance(value, type)):
                inner = facts_of([self._live_source(value)], here, False)
                parts[f"{here}.{name}"] = inner.digest
                pending.extend(_named(inner, space))
            elif home is not None and not cell:
                yield from self._resolve((home, value.__qualname__.partition(".")[0]), ())
            inside = not isinstance(value, type) and "<locals>" in getattr(
                value, "__qualname__", ""
            )
            if value is not owner and (
                cell or home is None or (inside and self._first_party(home))
            ):
                held = value if isinstance(value, type) else None
                for own, thing in live.carried_by(value).items():
                    pending.append((f"{name}.{own}", thing, (), held))

    def _own_values(self, facts: Facts | None) -> Iterator[_Named]:
        """Values that the class took with it: of its surroundings; and fields that are read."""
        cls = self._cls
        if facts is not None:
            for name, value in live.carried_by(cls).items():
                if (name,) in facts.chains and not _is_code(value):
                    yield f"{cls.__name__}.{name}", value, (), cls
        if "<locals>" in cls.__qualname__:
            for own, method in vars(cls).items():
                if own != "__init__":  # made by attrs and `@node`
                    for name, value in live.carried_by(method).items():
                        yield name, value, (), None

    def _data_files(self, module: str, facts: Facts, parts: dict[str, str]) -> None:
        """Count the files that code names and that lie beside it."""
        source = self._path(module)
        if source is None or not facts.files:
            return
        for name in sorted(facts.files):
            for path in (source.parent / name, source.parent / "data" / name):
                self.stamps[str(path)] = None
                with contextlib.suppress(OSError):
                    if path.is_file() and path.suffix != ".py":
                        self.stamps[str(path)] = disk.stamp(path)
                        parts[f"{module}/{name}"] = digest_file(path)

    def _uses(self, module: str, facts: Facts) -> Iterator[Place]:
        """The first-party places that some code of a module names."""
        local: dict[str, list[Place]] = {}
        for name, place in facts.imports:
            local.setdefault(name, []).append(place)
        for first, *attributes in facts.chains:
            for place in local.get(first, [(module, first)]):
                yield from self._resolve(place, tuple(attributes))
        for target in facts.modules:
            yield from self._resolve((target, "*"), ())

    def _resolve(self, place: Place, attributes: tuple[str, ...]) -> Iterator[Place]:
        """Follow a name through imports and module attributes to definitions."""
        for _ in range(50):  # a chain of re-exports; circles end here
            module, name = place
            if not self._first_party(module):
                return
            if name == "*":
                if not attributes:
                    if module != _FACE:
                        yield place
                    return
                place, attributes = (module, attributes[0]), attributes[1:]
                continue
            found = self._module(module)
            defined = found is not None and name in found.definitions
            if defined:
                yield place
            onward = found.imports.get(name) if found is not None else None
            if onward:
                for one in onward[1:]:  # alternatives, as in try: import a / except: import b
                    yield from self._resolve(one, attributes)
                place = onward[0]
            elif defined:
                return
            elif (found is None or found.package) and self._path(f"{module}.{name}") is not None:
                place = (f"{module}.{name}", "*")
            else:
                for star in found.stars if found is not None else ():
                    yield from self._resolve((star, name), attributes)
                if found is not None and "__getattr__" in found.definitions and module != _FACE:
                    yield (module, "*")
                return

    def _first_party(self, module: str) -> bool:
        if module not in self._ours:
            self._ours[module] = self._is_ours(module)
        return self._ours[module]

    def _is_ours(self, module: str) -> bool:
        if module.startswith(_VERSIONED) and any(
            module == one or module.startswith(one + ".") for one in _VERSIONED
        ):
            return False
        if module == self._cls.__module__ or self._path(module) is not None:
            return True
        return any(  # a namespace package: a folder of modules without __init__.py
            (only is None or only == module.partition(".")[0])
            and root.joinpath(*module.split(".")).is_dir()
            for root, only in self._roots
        )

    def _is_package(self, module: str) -> bool:
        path = self._path(module)
        return path is not None and path.name == "__init__.py"

    def _path(self, module: str) -> Path | None:
        if module not in self._paths:
            self._paths[module] = self._find(module)
        return self._paths[module]

    def _find(self, module: str) -> Path | None:
        if module == self._cls.__module__ and _file_of(self._cls).endswith(".py"):
            return Path(_file_of(self._cls))
        top = module.partition(".")[0]
        for root, only in self._roots:
            path = module_path(root, module) if only is None or only == top else None
            if path is not None:
                return path
        return None if _file_of(self._cls).endswith(".py") else _imported_path(module)

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            path = self._path(name)
            self._modules[name] = None
            if path is not None:
                self._modules[name], self.stamps[str(path)] = parse(path, name)
        return self._modules[name]


_Named = tuple[str, Any, tuple[str, ...], type | None]
"""Something that code names: its name, itself, attributes read of it, the class that holds it."""


def _named(facts: Facts, space: dict[str, Any]) -> list[_Named]:
    """What code names in its module, or in what it holds."""
    chains = sorted(facts.chains)  # in one order in each process: what has two names has the first
    return [(one, space[one], tuple(more), None) for one, *more in chains if one in space]


def _is_code(value: Any) -> bool:
    known = isinstance(value, type | functools.partial) or inspect.isroutine(value)
    return known or (isinstance(value, np.ufunc) and getattr(np, value.__name__, None) is value)


def _imported_path(module: str) -> Path | None:
    """Source of a module that a notebook imports, if it is the user's own and not installed."""
    top = module.partition(".")[0]
    with contextlib.suppress(ImportError, ValueError):
        spec = None if top in sys.stdlib_module_names else importlib.util.find_spec(top)
        if spec is not None:
            packages = list(spec.submodule_search_locations or ())
            folder = Path(packages[0] if packages else spec.origin or "").parent
            if not _INSTALLED & set(folder.parts):
                return module_path(folder, module)
    return None


def _roots(cls: type) -> list[tuple[Path, str | None]]:
    """Folders in which first-party modules lie, and the one top-level name that counts there."""
    import talkgraph

    roots: list[tuple[Path, str | None]] = []
    file = _file_of(cls)
    if file.endswith(".py"):
        top = cls.__module__.split(".")
        folder = Path(file).parent
        depth = len(top) if Path(file).name == "__init__.py" else len(top) - 1
        for _ in range(depth if cls.__module__ != "__main__" else 0):
            folder = folder.parent
        installed = bool(_INSTALLED & set(folder.parts))
        roots.append((folder, top[0] if installed else None))
    roots.append((Path(talkgraph.__file__).parent.parent, "talkgraph"))
    return roots
