"""Digest of a node's code: its class and, transitively, the first-party definitions it uses.

A definition counts as its syntax tree without docstrings, comments and layout; `param` counts with
its default only, once it is read. What a definition uses is found by name: module-level functions,
classes and constants with the statements and decorators that alter them, imports at any depth (also
inside functions), attributes of imported modules, and data files named in the code that lie beside
it, in its package, or in ``data`` and other folders there that it names; a module that is used in a
way that cannot be resolved counts as a whole. What is first-party says `first_party.FirstParty`.
"""

from __future__ import annotations

import ast
import contextlib
import functools
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
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.types import coerce
from talkgraph.engine.keys import notebook_source
from talkgraph.engine.keys.first_party import FirstParty, file_of
from talkgraph.engine.keys.source import (
    Facts,
    Module,
    Place,
    facts_of,
    find_class,
    note_imports,
    parse,
    source_stamp,
)
from talkgraph.engine.keys.unread import without_unread
from talkgraph.errors import KeyingError

OWN = "the node"
"""The name of the node's own class among the parts; a rename of the class keeps results."""

_FACE = "talkgraph"  # the package itself only passes on what others define
_MAKERS = {"globals", "setattr", "exec"}


@attrs.frozen
class CodeDigest:
    """Digest of all code of a node, and of each definition by name, to say which one changed."""

    digest: str
    parts: dict[str, str]


Stamps = dict[str, disk.Stamp | None]
"""Files that were read, and with None those that would have been if they were there."""


def code_digest(cls: type, store: Store, also: tuple[type, ...] = ()) -> CodeDigest:
    """Digest of a node class, and of classes that it is given; KeyingError if its source cannot be
    read.

    Remembered with the stamps of all files that were read, so that a warm plan only looks at those.
    """
    classes = (cls, *also)
    known = _in_process.get(classes)
    if known is not None and _fresh(known[1]):
        return known[0]
    note_imports(cls.__module__.partition(".")[0])
    subject = ":".join([*(f"{one.__module__}:{one.__qualname__}" for one in classes), file_of(cls)])
    fixed = file_of(cls).endswith(".py") and "<locals>" not in cls.__qualname__
    lasting = fixed and cls.__module__ != "__main__"
    remembered = _remembered(store.memo("code", subject)) if lasting else None
    if remembered is not None and _fresh(remembered[1]):
        _in_process[classes] = remembered
        return remembered[0]
    closure = _Closure(cls, store)
    found = closure.digest(also)
    if not fixed:  # live values count, which no stamp tells of
        return found
    if all(mark is None or disk.settled(mark) for mark in closure.stamps.values()):
        _in_process[classes] = (found, closure.stamps)
        fact = {"files": closure.stamps, "digest": found.digest, "parts": found.parts}
        if lasting:
            store.remember("code", subject, {**fact, "python": sys.version})
    return found


_in_process: dict[tuple[type, ...], tuple[CodeDigest, Stamps]] = {}


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


class _Closure:
    """All definitions that a node class reaches."""

    def __init__(self, cls: type, store: Store) -> None:
        self.stamps: Stamps = {}
        self._store = store
        self._cls = cls
        self._ours = FirstParty(cls)
        self._modules: dict[str, Module | None] = {}

    def digest(self, also: tuple[type, ...]) -> CodeDigest:
        parts: dict[str, str] = {}
        module = self._cls.__module__
        own = self._own_facts()
        parts[OWN] = own.digest
        pending = [*self._uses(module, own)]
        self._data_files(module, own, parts)
        pending.extend(self._live_parts(own, parts, also))
        if "<locals>" in self._cls.__qualname__:
            pending.append((module, self._cls.__qualname__.partition(".")[0]))
        for base in self._cls.__mro__[1:-1]:
            if self._ours.has(base.__module__):
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
        """Facts of the class itself, without its name and `@node`."""
        cls = self._cls
        module = self._module(cls.__module__)
        found: ast.stmt | None = find_class(module.tree, cls.__qualname__) if module else None
        if found is None:
            found = self._live_source(cls)
        assert isinstance(found, ast.ClassDef)
        alone = self._cls.__mro__[1:-1] == (Node,)
        body = without_unread(found) if alone and not whole else found.body
        others = [one for one in found.decorator_list if not _gives_version(one)]
        nameless = ast.ClassDef("node", found.bases, found.keywords, body, others)
        return facts_of([nameless], cls.__module__, self._ours.is_package(cls.__module__))

    def _live_source(self, thing: Any) -> ast.stmt:
        """Source of a class or function that lies in no file; KeyingError if there is none."""
        found = notebook_source.source_of(thing)
        if found is None:
            raise KeyingError(
                f"node '{getattr(self._cls, 'node_id', '?')}': the source of {thing.__qualname__} "
                "cannot be read, so a change of it would go unnoticed; define it in a file"
            )
        return found

    def _live_parts(
        self, facts: Facts, parts: dict[str, str], also: tuple[type, ...]
    ) -> Iterator[Place]:
        """Count what no source tells: variables that code took with it and, for code that lies in
        no file, the globals of its module as they are now."""
        here, in_cell = self._cls.__module__, self._ours.path(self._cls.__module__) is None
        space = vars(sys.modules[here]) if in_cell else {}
        pending = [*_named(facts, space), *self._own_values(facts if in_cell else None)]
        pending.extend((one.__name__, one, (), None) for one in also)
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
                    parts[f"variable {name}"] = self._store.digest_of(
                        notebook_source.plain(value), where
                    )[0]
                except KeyingError:
                    if owner is None or notebook_source.source_of(owner) is None:
                        raise
                    value = owner  # its source says what the variable is
                else:
                    pending.extend(
                        (one.__name__, one, (), None) for one in notebook_source.classes_in(value)
                    )
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
            if value is not owner and (cell or home is None or (inside and self._ours.has(home))):
                held = value if isinstance(value, type) else None
                for own, thing in notebook_source.carried_by(value).items():
                    pending.append((f"{name}.{own}", thing, (), held))

    def _own_values(self, facts: Facts | None) -> Iterator[_Named]:
        """Values that the class took with it: of its surroundings; and fields that are read."""
        cls = self._cls
        if facts is not None:
            for name, value in notebook_source.carried_by(cls).items():
                if (name,) in facts.chains and not _is_code(value):
                    yield f"{cls.__name__}.{name}", value, (), cls
        if "<locals>" in cls.__qualname__:
            for own, method in vars(cls).items():
                if own != "__init__":  # made by attrs and `@node`
                    for name, value in notebook_source.carried_by(method).items():
                        yield name, value, (), None

    def _data_files(self, module: str, facts: Facts, parts: dict[str, str]) -> None:
        """Count the files that code names and that lie beside it."""
        if not facts.files:
            return
        for folder in self._data_folders(module, facts):
            for name in sorted({*facts.files, *(one.lstrip("/") for one in facts.files)}):
                path = folder / name
                self.stamps[str(path)] = None
                with contextlib.suppress(OSError):
                    if path.is_file() and path.suffix != ".py":
                        self.stamps[str(path)] = disk.stamp(path)
                        parts[f"{module}/{name}"] = digest_file(path)

    def _data_folders(self, module: str, facts: Facts) -> list[Path]:
        """Folders of the module and of its package, and those below that it names."""
        source, found = self._ours.path(module), self._module(module)
        if source is None or found is None:
            return []
        depth = module.count(".") + (source.name == "__init__.py") if module != "__main__" else 0
        bases = [source.parent, *source.parent.parents][: max(depth, 1)]
        texts = found.facts("*").texts
        named = [place[0] for place in self._uses(module, facts) if place[1] == "*"]
        packages = [self._ours.path(one) for one in (*named, *texts)]
        bases += [path.parent for path in packages if path and path.name == "__init__.py"]
        below = [base / text for base in bases for text in sorted(texts)]
        inside = [folder for folder in below if folder.is_dir()]
        deeper = [folder / text for folder in inside for text in sorted(texts)]
        folders = [*bases, *(base / "data" for base in bases), *inside]
        return list(dict.fromkeys([*folders, *(one for one in deeper if one.is_dir())]))

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
            if not self._ours.has(module):
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
            elif (found is None or found.package) and self._ours.path(
                f"{module}.{name}"
            ) is not None:
                place = (f"{module}.{name}", "*")
            else:
                for star in found.stars if found is not None else ():
                    yield from self._resolve((star, name), attributes)
                if found is not None and module != _FACE:
                    yield from self._made_at_run_time(found, name, attributes)
                return

    def _made_at_run_time(
        self, module: Module, name: str, attributes: tuple[str, ...]
    ) -> Iterator[Place]:
        """What may give a module a name that no statement of it binds."""
        for maker in _MAKERS & module.definitions.keys():
            yield (module.name, maker)
        if "__getattr__" in module.definitions:
            yield (module.name, "*")
            for text in module.facts("*").texts:  # a table of the modules that have its names
                for other in (text, f"{module.name}.{text.lstrip('.')}"):
                    if other != module.name and self._ours.path(other) is not None:
                        yield from self._resolve((other, name), attributes)

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            path = self._ours.path(name)
            self._modules[name] = None
            if path is not None:
                self._modules[name], self.stamps[str(path)] = parse(path, name)
        return self._modules[name]


def _gives_version(decorator: ast.expr) -> bool:
    """Whether it is `@node`: id and version are in the key apart from the code."""
    words = decorator.keywords if isinstance(decorator, ast.Call) else []
    return any(word.arg == "version" for word in words)


_Named = tuple[str, Any, tuple[str, ...], type | None]
"""Something that code names: its name, itself, attributes read of it, the class that holds it."""


def _named(facts: Facts, space: dict[str, Any]) -> list[_Named]:
    """What code names in its module, or in what it holds."""
    chains = sorted(facts.chains)  # in one order in each process: what has two names has the first
    return [(one, space[one], tuple(more), None) for one, *more in chains if one in space]


def _is_code(value: Any) -> bool:
    known = isinstance(value, type | functools.partial) or inspect.isroutine(value)
    return known or (isinstance(value, np.ufunc) and getattr(np, value.__name__, None) is value)
