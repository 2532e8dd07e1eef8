"""The store: a folder that keeps results and survives crashes, full disks and many processes.

    blobs/ab/<digest>.npy   content, named by its digest             (blobs.py)
    actions/ab/<key>.json   what a key stands for: the output tree, notes, provenance
    lineage/<digest>.json   what each step of a graph was last made from, to explain a rerun
    partial/<key>/          chunks of a frame stream that is being made, to resume it
    leases/, runs/          who is making what, and which results a running process uses
    memo/                   digests of files that have not changed; may be deleted at any time
    tmp/                    unfinished files and scratch folders

An action is written after every blob it points at, so a crash leaves the old state or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from talkgraph.cache import disk, leases, upkeep
from talkgraph.cache.blobs import Blobs
from talkgraph.cache.codecs import (
    decode,
    encode,
    references,
)
from talkgraph.cache.keys import FORMAT, Tree, digest_bytes, digest_file, digest_tree, is_digest
from talkgraph.cache.records import Record, read_record, write_record
from talkgraph.cache.sinks import Hashing, Storing
from talkgraph.errors import DamagedError, InputError, StoreError

_ABANDONED = 24 * 3600.0  # s after which a temporary file of an unknown owner is swept away


def default_folder() -> Path:
    """$TALKGRAPH_STORE, else talkgraph/ in the user's cache folder."""
    named = os.environ.get("TALKGRAPH_STORE")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "talkgraph"


class Store:
    """A folder of results.

    Args:
        path: the folder; made when first written. Default: `default_folder()`.
        durable: whether a result that was reported as stored survives a power cut (fsync).
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, durable: bool = True) -> None:
        self.path = Path(path).expanduser().resolve() if path is not None else default_folder()
        self.path = self.path.absolute()
        self.durable = durable
        self.blobs = Blobs(self.path, durable=durable)
        self._ready = False

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def prepare(self) -> None:
        """Make the folder and prove that it can be written; StoreError at once if it cannot."""
        if self._ready and self.blobs.temporary.is_dir():
            return
        with disk.guarded(self.path):
            for name in ("blobs", "actions", "tmp"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            probe = self.blobs.temporary / f"{os.getpid()}-{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()
        self._sweep()
        self._ready = True

    def _sweep(self) -> None:
        """Remove what dead processes left in tmp/."""
        with contextlib.suppress(OSError):
            for left in self.blobs.temporary.iterdir():
                pid = left.name.partition("-")[0]
                old = time.time() - left.stat().st_mtime > _ABANDONED
                if old and not (pid.isdecimal() and Path(f"/proc/{pid}").exists()):
                    remove_tree(left)

    # -- results -------------------------------------------------------------------------------

    def action_path(self, key: str) -> Path:
        """Where the record of a key lies."""
        return self.path / "actions" / key[:2] / f"{key}.json"

    def action(self, key: str) -> Record | None:
        """What is known of a key, or None; DamagedError (and the record gone) if it is damaged."""
        path = self.action_path(key)
        try:
            record = read_record(path)
            if record is not None and (record["key"] != key or record["format"] != FORMAT):
                raise ValueError("it belongs to another key")
            if record is not None and record["digest"] != digest_tree(record["output"]):
                raise ValueError("its digest does not match")
            return record
        except (ValueError, KeyError, TypeError) as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise DamagedError(f"stored record {path} is damaged ({error})") from error
        except OSError as error:
            raise DamagedError(f"stored record {path} cannot be read ({error.strerror})") from error

    def complete(self, record: Record) -> bool:
        """Whether all blobs of a record are there with the right size."""
        return all(self.blobs.present(*found) for found in references(record["output"]))

    def put(
        self,
        key: str,
        value: Any,
        *,
        facts: Callable[[], Record],
        where: str = "value",
        scratch: Path | None = None,
        on_chunk: Callable[[int, int], None] | None = None,
        still_valid: Callable[[], None] | None = None,
    ) -> Record:
        """Store a value under a key; returns its record.

        Frames are written chunk by chunk; chunks that an interrupted `put` of the same key wrote
        are not asked for again.

        Args:
            facts: gives JSON to keep with the result (notes, seconds, step, …) once it is written.
            where: what the value is, for messages.
            scratch: files below it are moved into the store, others are copied.
            on_chunk: called with (frames done, frames in all).
            still_valid: called last; what it raises keeps the result out of the store.
        """
        self.prepare()
        sink = Storing(self.blobs, self.path / "partial" / key, scratch, on_chunk)
        tree = encode(value, sink, where, storable=True)
        if still_valid is not None:
            still_valid()
        record: Record = {
            **facts(),
            "format": FORMAT,
            "key": key,
            "created": time.time(),
            "output": tree,
            "digest": digest_tree(tree),
        }
        with disk.guarded(self.path):
            write_record(self.action_path(key), record, self.blobs.temporary, self.durable)
        remove_tree(self.path / "partial" / key)
        return record

    def keep(self, value: Any, where: str) -> Tree:
        """Store a value without a key, for a running process alone; returns its tree."""
        self.prepare()
        partial = self.blobs.temporary / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            return encode(value, Storing(self.blobs, partial, None, None), where, storable=True)
        finally:
            remove_tree(partial)

    def load(self, tree: Tree) -> Any:
        """The value of an output tree; DamagedError if any blob of it is not what was written."""
        return decode(tree, self.blobs)

    def forget(self, key: str) -> None:
        """Drop what is known of a key; its blobs go with the next `gc`."""
        with disk.guarded(self.path):
            self.action_path(key).unlink(missing_ok=True)

    def touch(self, key: str) -> None:
        """Mark a result as used now, for LRU eviction."""
        with contextlib.suppress(OSError):
            os.utime(self.action_path(key))

    def claim(self, key: str, done: Callable[[], bool]) -> leases.Lease | None:
        """Take the right to make a key, or wait; None once `done()` says another made it."""
        return leases.claim(self.path / "leases" / key, done)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A private empty folder on the store's file system, removed afterwards."""
        self.prepare()
        folder = self.blobs.temporary / f"{os.getpid()}-{uuid.uuid4().hex}"
        with disk.guarded(self.path):
            folder.mkdir()
        try:
            yield folder
        finally:
            remove_tree(folder)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[Callable[[str], None]]:
        """While open, `gc` spares the keys that are given to the function."""
        path = self.path / "runs" / f"{os.getpid()}-{uuid.uuid4().hex}"
        with contextlib.ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(path.open("w", buffering=1))
                file.write(json.dumps(leases.owner()) + "\n")
            except OSError:  # a read-only store is not collected by us either
                yield lambda key: None
                return
            stack.callback(lambda: path.unlink(missing_ok=True))

            def pin(key: str) -> None:
                with contextlib.suppress(OSError):
                    file.write(key + "\n")

            yield pin

    # -- upkeep ------------------------------------------------------------------------------------

    def ls(self) -> list[upkeep.Entry]:
        """All results, the most recently used first."""
        return upkeep.entries(self)

    def du(self) -> int:
        """Bytes on disk."""
        return upkeep.usage(self)

    def rm(self, what: str) -> upkeep.Entry:
        """Remove exactly one result, named by key, start of a key or (graph:)step."""
        return upkeep.remove(self, what)

    def gc(self, max_bytes: int | None = None) -> upkeep.Freed:
        """Remove what is not needed, and the least recently used results beyond a size."""
        return upkeep.collect(self, max_bytes)

    def verify(self) -> list[str]:
        """Read everything; remove and name what is damaged."""
        return upkeep.verify(self)

    def why(self, key: str) -> str:
        """What a result was made from, in words."""
        return upkeep.why(self, key)

    # -- memos: lost without harm ----------------------------------------------------------------

    def memo(self, name: str, subject: str) -> Record | None:
        """A remembered fact, or None."""
        try:
            return read_record(self._memo_path(name, subject))
        except (OSError, ValueError):
            return None

    def remember(self, name: str, subject: str, fact: Record) -> None:
        """Remember a fact if the store can be written."""
        with contextlib.suppress(OSError, StoreError):
            self.prepare()
            write_record(self._memo_path(name, subject), fact, self.blobs.temporary, False)

    def _memo_path(self, name: str, subject: str) -> Path:
        digest = digest_bytes(subject.encode(errors="surrogateescape"))
        folder = self.path / name if name == "lineage" else self.path / "memo" / name
        return folder / f"{digest[:32]}.json"

    def content(self, path: Path) -> tuple[str, disk.Stamp]:
        """Digest of a user's file, read again only if its stamp changed; or InputError."""
        try:
            if path.is_dir():
                raise InputError(f"{path} is a folder; give a file")
            mark = disk.stamp(path)
            memo = self.memo("files", str(path.absolute()))
            if memo is not None and memo.get("stamp") == list(mark) and is_digest(memo["digest"]):
                return memo["digest"], mark
            for _ in range(2):
                mark = disk.stamp(path)
                digest = digest_file(path)
                if disk.stamp(path) == mark:
                    break
            else:
                raise InputError(f"{path} changes while it is read; wait until it is finished")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; check the path") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}; check it") from error
        if disk.settled(mark):
            self.remember("files", str(path.absolute()), {"stamp": list(mark), "digest": digest})
        return digest, mark

    def digest_of(self, value: Any, where: str) -> tuple[str, Tree]:
        """Digest and tree of a value that need not be stored, such as a parameter or an input."""
        tree = encode(value, Hashing(self.blobs, self.content), where, storable=False)
        return digest_tree(tree), tree


def remove_tree(path: Path) -> None:
    """Remove a folder or file of ours; what is gone already is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


__all__ = ["Store", "StoreError", "default_folder"]
