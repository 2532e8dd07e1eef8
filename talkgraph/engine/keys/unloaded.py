"""What talkgraph's own modules hold that are not loaded yet, so that a plan need not load them.

A stage imports torch when it runs. What it names there is remembered in the store, with the stamps
of all of talkgraph's sources; once a module is loaded, what is loaded counts.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache.keys import Tree, digest_tree
from talkgraph.cache.records import Record
from talkgraph.cache.store import Store
from talkgraph.engine.declare.types import coerce


@attrs.frozen(eq=False)
class Piece:
    """A piece of code: its digest without that of what it refers to.

    module: where it is defined.
    parts: what it refers to, by name; None for what is not loaded.
    values: digests of the variables that it reads, by name in the order of first use.
    packages: top-level modules of other people's that it names.
    """

    module: str
    digest: str
    parts: dict[str, Any]
    values: dict[str, str]
    packages: set[str]
    value: Any = None

    def record(self) -> Record:
        """As JSON."""
        packages = sorted(self.packages)
        return {
            "module": self.module, "digest": self.digest, "parts": sorted(self.parts),
            "values": [list(pair) for pair in self.values.items()], "packages": packages,
        }  # fmt: skip

    @classmethod
    def read(cls, record: Record) -> Piece:
        """Of what `record` gave; KeyError or TypeError if it is something else."""
        module, digest = coerce(record["module"], str), coerce(record["digest"], str)
        parts = dict.fromkeys(coerce(record["parts"], tuple[str, ...]))
        values = dict(coerce(record["values"], tuple[tuple[str, str], ...]))
        return cls(module, digest, parts, values, set(coerce(record["packages"], tuple[str, ...])))


@attrs.frozen(eq=False)
class Place:
    """What stands at a name of a module: a tree, what it refers to, and all pieces behind that."""

    tree: Tree
    own: Piece
    pieces: dict[str, Piece]


class Unloaded:
    """The store's memory of places in modules of talkgraph, for one plan or run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @functools.cached_property
    def _stamp(self) -> str:
        """Changes with any source of talkgraph, and with Python."""
        found: list[Tree] = [sys.version]
        for folder, folders, names in os.walk(Path(__file__).parents[2]):
            folders.sort()
            for name in sorted(names):
                if name.endswith(".py"):
                    status = os.stat(os.path.join(folder, name))
                    found.append([folder, name, status.st_size, status.st_mtime_ns])
        return digest_tree(found)

    def recall(self, place: str) -> Place | None:
        """What is remembered of a place, if it is still so."""
        memo = self._store.memo("code", place)
        try:
            if memo is None or memo["stamp"] != self._stamp:
                return None
            pieces = {name: Piece.read(one) for name, one in memo["pieces"].items()}
            return Place(memo["tree"], Piece.read(memo["own"]), pieces)
        except (KeyError, TypeError, AttributeError):
            return None

    def remember(self, place: str, found: Place) -> None:
        """Keep what is behind a place."""
        pieces = {name: one.record() for name, one in found.pieces.items()}
        fact = {"stamp": self._stamp, "tree": found.tree, "own": found.own.record()}
        self._store.remember("code", place, {**fact, "pieces": pieces})
