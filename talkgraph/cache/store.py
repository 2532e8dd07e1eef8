"""The store: a folder that keeps results and survives crashes, full disks and many processes.

    blobs/ab/<digest>.npy   content, named by its digest             (blobs.py)
    actions/ab/<key>.json   what a key stands for: the output tree, notes, provenance
    lineage/<digest>.json   what each step of a graph was last made from, to explain a rerun
    partial/<key>/          chunks of a frame stream, to resume it or to use them again
    leases/, runs/          who is making what, and what running processes use (leases, pins)
    memo/                   digests of files that have not changed; may be deleted at any time
    tmp/                    unfinished files and scratch folders

An action is written after every blob it points at, so a crash leaves the old state or the new one.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cache import collect, disk, leases, trash, upkeep
from talkgraph.cache.blobs import Blobs
from talkgraph.cache.codecs import (
    decode,
    encode,
    references,
)
from talkgraph.cache.keys import FORMAT, Tree, digest_bytes, digest_file, digest_tree, is_digest
from talkgraph.cache.object_store import Unreachable, is_url
from talkgraph.cache.pins import Pins
from talkgraph.cache.records import Record, discard_unsound, read_action, read_record, write_record
from talkgraph.cache.sinks import Hashing, Storing
from talkgraph.errors import DamagedError, InputError, StoreError

if TYPE_CHECKING:
    from talkgraph.cache import archive
    from talkgraph.cache.remote import Remote

_MINUTE = 60.0  # s; how exactly the last use of a result is kept


def default_folder() -> Path:
    """$TALKGRAPH_STORE if it is a folder, else talkgraph/ in the user's cache folder."""
    named = os.environ.get("TALKGRAPH_STORE")
    if named and not is_url(named):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "talkgraph"


def _limit_of_environment() -> int | None:
    text = os.environ.get("TALKGRAPH_STORE_LIMIT")
    if not text:
        return None
    try:
        return collect.bytes_of(text)
    except ValueError as error:
        raise StoreError(f"TALKGRAPH_STORE_LIMIT: {error}") from None


@attrs.frozen
class Stream:
    """How the chunks of a stream of frames are named: they are kept for a week after.

    stem: digest of what all of its chunks depend on.
    key: digest of all that frames `start` to `stop` depend on.
    """

    stem: str
    key: Callable[[int, int], str]


class Store:
    """A folder of results, and where there is a URL, the near tier of a remote store.

    Args:
        path: the folder, made when first written, or the URL of a remote store, such as
            ``s3://bucket/prefix`` or whatever fsspec knows. Default: $TALKGRAPH_STORE, else
            `default_folder()`.
        remote: the URL, where `path` is the folder. Default folder: one per URL below
            `default_folder()`.
        durable: whether a result that was reported as stored survives a power cut (fsync).
        limit: bytes beyond which the least recently used results go by themselves, but for what
            running processes use. Default: $TALKGRAPH_STORE_LIMIT, such as ``50G``, else none.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        remote: str | None = None,
        durable: bool = True,
        limit: int | None = None,
    ) -> None:
        if path is None and remote is None:
            path = os.environ.get("TALKGRAPH_STORE") or None
        if is_url(path):
            path, remote = None, str(path)
        if path is None and remote is not None:
            path = default_folder() / "remote" / digest_bytes(remote.encode())[:16]
        self.path = Path(path).expanduser().resolve() if path is not None else default_folder()
        self.path = self.path.absolute()
        self.durable = durable
        self.limit = limit if limit is not None else _limit_of_environment()
        self.pins = Pins(self.path / "runs")
        self.blobs = Blobs(self.path, self.pins.add, durable=durable)
        self.remote: Remote | None = None
        if remote is not None:
            from talkgraph.cache.remote import Remote

            self.remote = self.blobs.remote = Remote(remote, self)
        self._ready = False
        self._look_at = 0  # bytes written at which the size is looked at again

    def __repr__(self) -> str:
        far = f", remote={self.remote.objects.name!r}" if self.remote is not None else ""
        return f"Store({str(self.path)!r}{far})"

    def __reduce__(self) -> tuple[Any, ...]:
        """For executors: the same store, opened once in another process."""
        remote = self.remote.objects.url if self.remote is not None else None
        return _opened, (str(self.path), remote, self.durable, self.limit)

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
            trash.sweep(self.blobs.temporary, self.blobs.folder, disk.clock(self.blobs.temporary))
        if self.remote is not None:
            with contextlib.suppress(Unreachable):  # said when something is asked of it
                self.remote.objects.open()
        self._ready = True

    # -- results -------------------------------------------------------------------------------

    def action_path(self, key: str) -> Path:
        """Where the record of a key lies."""
        return Path(self._action_path(key))

    def _action_path(self, key: str) -> str:
        return f"{self.path}/actions/{key[:2]}/{key}.json"

    def action(self, key: str) -> Record | None:
        """What is known of a key, or None; DamagedError (and the record gone) if it is damaged."""
        path = self._action_path(key)
        if self.remote is not None and not os.path.exists(path):
            self.remote.fetch_record(key)
        try:
            return read_action(path, key)
        except (ValueError, KeyError, TypeError) as error:
            discard_unsound(path, key)
            raise DamagedError(f"stored record {path} is damaged ({error})") from error
        except OSError as error:
            raise DamagedError(f"stored record {path} cannot be read ({error.strerror})") from error

    def complete(self, record: Record) -> bool:
        """Whether all blobs of a record are there, or at the remote, with the right size."""
        missing = self._missing(record["output"])
        return not missing or (self.remote is not None and self.remote.has(missing))

    def _missing(self, tree: Tree) -> list[tuple[str, str, int]]:
        return [blob for blob in references(tree) if not self.blobs.present(*blob)]

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
        stream: Stream | None = None,
        replace: bool = False,
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
            stream: names chunks of frames by what they depend on, so that other results of that
                stream share them.
            replace: upload it also where the remote has a result of that key.
        """
        self.prepare()
        with self.pins.held():
            logs = f"{self.path}/partial/{key if stream is None else stream.stem}"
            chunk_key = None if stream is None else stream.key
            sink = Storing(self.blobs, logs, scratch, on_chunk, chunk_key)
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
            with disk.guarded(self.path), self.sending(record, replace):
                write_record(self._action_path(key), record, self.blobs.temporary, self.durable)
            if sink.streams and stream is None:
                disk.remove_tree(logs)
            self._make_room(key)
        return record

    def _make_room(self, key: str) -> None:
        """Keep to the limit, now that a result was written."""
        if self.limit is not None and self.blobs.written >= self._look_at:
            self.pins.add(key)
            with contextlib.suppress(StoreError):  # the result is stored all the same
                room = collect.evict(self, self.limit)
                self._look_at = self.blobs.written + room

    def keep(self, value: Any, where: str) -> Tree:
        """Store a value without a key, while `in_use`; returns its tree."""
        self.prepare()
        partial = f"{self.blobs.temporary}/{disk.own_name()}"
        try:
            return encode(value, Storing(self.blobs, partial, None, None), where, storable=True)
        finally:
            disk.remove_tree(partial)

    def load(self, tree: Tree) -> Any:
        """The value of an output tree; DamagedError if any blob of it is not what was written."""
        if self.remote is not None:
            self.remote.fetch(self._missing(tree))  # many at a time
        return decode(tree, self.blobs)

    def flush(self) -> None:
        """Wait until everything is at the remote, as far as it can be reached; StoreError."""
        if self.remote is not None:
            self.remote.flush()

    def sending(
        self, record: Record, replace: bool = False
    ) -> contextlib.AbstractContextManager[None]:
        """Around the writing of a record: takes it and its blobs to the remote afterwards."""
        if self.remote is None:
            return contextlib.nullcontext()
        return self.remote.sending(record, replace)

    def telling(self, say: Callable[[str], None]) -> contextlib.AbstractContextManager[None]:
        """While open, what a person should know of the remote goes to `say`, not to the log."""
        return contextlib.nullcontext() if self.remote is None else self.remote.telling(say)

    def forget(self, key: str) -> None:
        """Drop what is known of a key; its blobs go with the next `gc`."""
        with disk.guarded(self.path), contextlib.suppress(FileNotFoundError):
            disk.operations.unlink(self.action_path(key))

    def touch(self, key: str) -> None:
        """Mark a result as used now, for LRU eviction; to the minute."""
        path = self._action_path(key)
        with contextlib.suppress(OSError):
            if abs(time.time() - os.stat(path).st_mtime) > _MINUTE:
                disk.operations.utime(path)

    def claim(self, key: str, done: Callable[[], bool]) -> leases.Lease | None:
        """Take the right to make a key, or wait; None once `done()` says another made it."""
        return leases.claim(f"{self.path}/leases/{key}", done)

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

    @contextlib.contextmanager
    def in_use(self) -> Iterator[Callable[[str], None]]:
        """While open, the keys that are given to the function stay; a flush at the end."""
        with contextlib.ExitStack() as stack:
            if self.remote is not None:
                stack.enter_context(self.remote.session())
            stack.enter_context(self.pins.held())
            yield self.pins.add

    # -- upkeep ------------------------------------------------------------------------------------

    def ls(self) -> list[upkeep.Entry]:
        """All results, the most recently used first."""
        return upkeep.entries(self)

    def du(self) -> int:
        """Bytes on disk."""
        return collect.usage(self)

    def rm(self, what: str) -> upkeep.Entry:
        """Remove exactly one result, named by key, start of a key or (graph:)step."""
        return upkeep.remove(self, what)

    def gc(self, max_bytes: int | None = None) -> collect.Freed:
        """Remove what is not needed, and the least recently used results beyond a size."""
        return collect.collect(self, max_bytes)

    def verify(self) -> list[str]:
        """Read everything; remove and name what is damaged."""
        return upkeep.verify(self)

    def why(self, key: str) -> str:
        """What a result was made from, in words."""
        return upkeep.why(self, key)

    def export(self, target: str | os.PathLike[str], *results: str) -> archive.Moved:
        """Write results, named by key or step, or all, to one file; see `archive.export`."""
        from talkgraph.cache import archive

        return archive.export(self, Path(target), results)

    def import_(self, path: str | os.PathLike[str]) -> archive.Moved:
        """Take in all results of an exported file; see `archive.import_`."""
        from talkgraph.cache import archive

        return archive.import_(self, Path(path))

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
        subject = f"{FORMAT} {subject}"  # what another version remembers may not be understood
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


@cache
def _opened(path: str, remote: str | None, durable: bool, limit: int | None) -> Store:
    """A worker's store: what is known of it, and of an outage, serves all of its jobs."""
    return Store(path, remote=remote, durable=durable, limit=limit)


__all__ = ["Store", "StoreError", "default_folder"]
