"""The folder of a store: where everything lies, and how it is kept whole.

    blobs/ab/<digest>.npy   content, named by its digest             (blobs.py)
    actions/ab/<key>.json   what a key stands for: the output tree, notes, provenance
    last_runs/<digest>.json what each step of a graph was last made from, to explain a rerun
    partial/<key>/          chunks of a frame stream, to resume it or to use them again
    leases/, runs/          who is making what, and what running processes use (leases, pins)
    memo/                   digests of files that have not changed; may be deleted at any time
    tmp/                    unfinished files, scratch folders, what is about to go (trash.py)

An action is written after every blob it points at, so a crash leaves the old state or the new one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from talkgraph.cache import disk, trash
from talkgraph.cache.blobs import Blob, Blobs
from talkgraph.cache.codecs import references
from talkgraph.cache.keys import Tree
from talkgraph.cache.memos import Memos
from talkgraph.cache.pins import Pins
from talkgraph.cache.records import Record, discard_unsound, read_action
from talkgraph.errors import DamagedError


class Folder:
    """The results in one folder. near: whether it is the near tier of a remote store."""

    near = False

    def __init__(self, path: Path, *, durable: bool) -> None:
        self.path = path
        self.durable = durable
        self._actions = f"{path}/actions"
        self.pins = Pins(path / "runs")
        self.memos = Memos(path)
        self.blobs = Blobs(path, self.pins.add, self.fetch, self.memos, durable=durable)
        self._ready = False

    def prepare(self) -> None:
        """Make the folder and prove that it can be written; StoreError at once if it cannot."""
        if self._ready and os.path.isdir(self.blobs.temporary):
            return
        with disk.guarded(self.path):
            for name in ("blobs", "actions", "tmp"):
                disk.make_folder(self.path / name)
            if self.durable:
                disk.operations.sync_path(self.path)
                disk.operations.sync_path(self.path.parent)
            self.sweep()
        self._ready = True

    def sweep(self) -> float:
        """Put right what dead processes left; now, by the clock of the file system, in s."""
        now = disk.clock(self.blobs.temporary)
        trash.sweep(self.blobs.temporary, self.blobs.folder, now)
        return now

    def action_path(self, key: str) -> Path:
        """Where the record of a key lies."""
        return Path(self._action_path(key))

    def _action_path(self, key: str) -> str:
        return f"{self._actions}/{key[:2]}/{key}.json"

    def action(self, key: str) -> Record | None:
        """What is known of a key, or None; DamagedError (and the record gone) if it is damaged."""
        path = self._action_path(key)
        try:
            return read_action(path, key)
        except (ValueError, KeyError, TypeError) as error:
            discard_unsound(path, key)
            raise DamagedError(f"stored record {path} is damaged ({error})") from error
        except OSError as error:
            raise DamagedError(f"stored record {path} cannot be read ({error.strerror})") from error

    def forget(self, key: str) -> None:
        """Drop what is known of a key; its blobs go with the next collection."""
        with disk.guarded(self.path), contextlib.suppress(FileNotFoundError):
            disk.operations.unlink(self._action_path(key))

    def missing(self, tree: Tree) -> list[Blob]:
        """The blobs of a tree that are not here with the right size."""
        return [blob for blob in references(tree) if not self.blobs.present(*blob)]

    def fetch(self, blobs: Iterable[Blob]) -> bool:
        """Bring blobs from elsewhere; whether all came."""
        return not list(blobs)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A private empty folder on the store's file system, removed afterwards."""
        self.prepare()
        folder = self.blobs.temporary / disk.own_name()
        with disk.guarded(self.path):
            disk.operations.mkdir(folder)
        try:
            yield folder
        finally:
            disk.remove_tree(folder)
