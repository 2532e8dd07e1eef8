"""Digest of a node's code: its class and, transitively, the first-party code that it names.

What is named counts as it is bound now: see ``docs/caching-and-keys.md`` for the rule.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import attrs

from talkgraph.cache.keys import Tree, digest_tree
from talkgraph.cache.store import Store
from talkgraph.engine.keys.first_party import FirstParty, version_of
from talkgraph.engine.keys.objects import find
from talkgraph.engine.keys.reading import Reading
from talkgraph.engine.keys.unloaded import Piece, Place, Unloaded
from talkgraph.errors import KeyingError

OWN = "the node"
"""The name of the node's own class among the parts; a rename of the class keeps results."""


@attrs.frozen
class CodeDigest:
    """Digest of all code of a node, and of each piece by name, to say which one changed."""

    digest: str
    parts: dict[str, str]


class LoadedCode:
    """Digests of nodes' code as it is loaded now, for one plan or run: pieces are read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unloaded = Unloaded(store)
        self._known: dict[tuple[type, ...], CodeDigest] = {}
        self._walks: dict[str, _Walk] = {}

    def digest(self, cls: type, also: tuple[type, ...] = ()) -> CodeDigest:
        """Digest of a node class, and of classes of what it is given.

        Raises:
            KeyingError: it names something that has no digest, or a module that cannot be imported.
        """
        classes = (cls, *also)
        if classes not in self._known:
            top = cls.__module__.partition(".")[0]
            if top not in self._walks:
                self._walks[top] = _Walk(self._store, self._unloaded, top)
            self._known[classes] = self._walks[top].digest(cls, also)
        return self._known[classes]


def code_digest(cls: type, store: Store, also: tuple[type, ...] = ()) -> CodeDigest:
    """Digest of one node's code as it is loaded now; see `LoadedCode.digest`."""
    return LoadedCode(store).digest(cls, also)


class _Walk:
    """The pieces that the nodes of one top-level package reach."""

    def __init__(self, store: Store, unloaded: Unloaded, top: str) -> None:
        self.store = store
        self.ours = FirstParty(top)
        self._unloaded = unloaded
        self._module = self._where = ""
        self.recording = False  # once a module had to be loaded, others may be loaded by it
        self._pieces: dict[str, Piece] = {}
        self._values: dict[str, Piece] = {}
        self._open: list[str] = []  # variables that are being read, each for the one before
        self._lowest = sys.maxsize  # of those that were met again
        self._places: dict[str, tuple[Tree, Piece]] = {}  # that modules were loaded for

    def digest(self, cls: type, also: tuple[type, ...]) -> CodeDigest:
        self._module = cls.__module__
        self._where = f"node '{getattr(cls, 'node_id', cls.__name__)}'"
        reading = Reading(self, self._where)
        try:
            tree = reading.class_(cls, cls.__name__, own=True)
            given = [reading.tree(one, one.__name__) for one in also]
            own = reading.piece([tree, given, reading.files(cls)], cls)
            found = {OWN: own, **self._behind(own)}
        except RecursionError:
            raise KeyingError(f"{self._where}: a value nested too deep, or in itself") from None
        while self._places:
            place, (tree, first) = self._places.popitem()
            if first.parts or first.values:
                self._unloaded.remember(place, Place(tree, first, self._behind(first)))
        versions = {
            top: version for part in found.values() for top in part.packages
            if (version := version_of(top)) is not None
        }  # fmt: skip
        numbers: dict[str, int] = {}  # of variables: two pieces may share one, by whatever name
        all_of_it = {
            name: [
                one.digest,
                [[digest, numbers.setdefault(k, len(numbers))] for k, digest in one.values.items()],
            ]
            for name, one in sorted(found.items(), key=lambda pair: (pair[0] != OWN, pair[0]))
        }
        parts = {name: one.digest for name, one in found.items()}
        for one in found.values():
            for label, digest in one.values.items():
                if digest:
                    parts[f"variable {label.removeprefix(self._module + '.')}"] = digest
        parts.update({f"package {top}": version for top, version in versions.items()})
        return CodeDigest(digest_tree(["code", all_of_it, versions]), parts)

    def _behind(self, piece: Piece) -> dict[str, Piece]:
        """All pieces that a piece refers to, and those that they refer to."""
        found: dict[str, Piece] = {}
        pending = dict(piece.parts)
        while pending:
            name, value = pending.popitem()
            if name not in found:
                found[name] = self._piece(name, value)
                pending.update(found[name].parts)
        return found

    def _piece(self, name: str, value: Any) -> Piece:
        known = self._pieces.get(name)
        if known is None or (value is not None and known.value is not value):
            reading = Reading(self, self._where)
            if isinstance(value, types.FunctionType):
                tree = reading.function(value, name)
            elif isinstance(value, type):
                tree = reading.class_(value, name)
            elif isinstance(value, types.ModuleType | dict):
                tree = reading.whole(value)
            else:
                tree = reading.object_(value, name)
            known = self._pieces[name] = reading.piece(tree, value)
        return known

    def value_of(self, label: str, value: Any) -> Piece:
        """A variable of a module, as a piece that refers to it."""
        known = self._values.get(label)
        if known is not None and known.value is value:
            return known
        depth = len(self._open)
        if label in self._open:  # it refers to itself, by way of others
            at = self._open.index(label)
            self._lowest = min(self._lowest, at)
            return Piece("", "", {}, {label: f"again {depth - at}"}, set())
        reading = Reading(self, self._where)
        self._open.append(label)
        try:
            tree = reading.tree(value, label.removeprefix(self._module + "."))
        finally:
            self._open.pop()
        digest = digest_tree([tree, list(reading.values.values())])
        known = Piece("", digest, reading.parts, {label: digest}, reading.packages, value)
        if self._lowest >= depth:  # else it is said in terms of what it is part of
            self._values[label], self._lowest = known, sys.maxsize
        return known

    def loaded(self, place: str, tree: Tree, piece: Piece) -> None:
        """A module was loaded to see what stands there."""
        if place.startswith("talkgraph."):
            self.recording = True
            self._places[place] = (tree, piece)

    def recall(self, place: str) -> tuple[Tree, Piece] | None:
        """What is remembered of a place in a module that is not loaded.

        Of the pieces behind it, those that are loaded count as they are.
        """
        known = self._unloaded.recall(place) if place.startswith("talkgraph.") else None
        if known is None:
            return None
        for one in (known.own, *known.pieces.values()):
            for label, digest in one.values.items():
                if not digest:
                    continue
                module, _, name = label.rpartition(".")
                value = vars(sys.modules[module]).get(name) if module in sys.modules else None
                if module in sys.modules and self.value_of(label, value).digest != digest:
                    return None
        for name, one in known.pieces.items():
            if one.module in sys.modules:
                live = find(one.module, name.removeprefix(f"{one.module}."))
                if live is None:
                    return None
                self._piece(name, live)
            else:
                self._pieces.setdefault(name, one)
        return known.tree, known.own
