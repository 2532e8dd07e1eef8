"""The store: a folder that keeps results and survives crashes, full disks and many processes.

What lies where is said in folder.py. Beside it there may be a remote store (remote.py), for which
the folder is the near tier, and a limit of size (collect.py).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cache import collect, disk, leases, upkeep
from talkgraph.cache.blobs import Blob
from talkgraph.cache.codecs import decode, encode
from talkgraph.cache.folder import Folder
from talkgraph.cache.keys import FORMAT, Tree, digest_bytes, digest_file, digest_tree, is_digest
from talkgraph.cache.object_store import is_url
from talkgraph.cache.records import Record, write_record
from talkgraph.cache.sinks import Hashing, Storing
from talkgraph.errors import InputError, StoreError

if TYPE_CHECKING:
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


class Store(Folder):
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
        folder = Path(path).expanduser().resolve() if path is not None else default_folder()
        super().__init__(folder.absolute(), durable=durable)
        self.limit = limit if limit is not None else _limit_of_environment()
        self.remote: Remote | None = None
        if remote is not None:
            from talkgraph.cache.remote import Remote

            self.near, self.remote = True, Remote(remote, self)
        self._look_at = 0  # bytes written at which the size is looked at again

    def __repr__(self) -> str:
        far = f", remote={self.remote.objects.name!r}" if self.remote is not None else ""
        return f"Store({str(self.path)!r}{far})"

    def __reduce__(self) -> tuple[Any, ...]:
        """For executors: the same store, opened once in another process."""
        remote = self.remote.objects.url if self.remote is not None else None
        return _opened, (str(self.path), remote, self.durable, self.limit)

    # -- results -------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the folder and prove that it can be written; StoreError at once if it cannot."""
        if self.remote is not None and not self._ready:
            self.remote.open()
        super().prepare()

    def action(self, key: str) -> Record | None:
        """What is known of a key, or None; DamagedError (and the record gone) if it is damaged."""
        if self.remote is not None and not os.path.exists(self._action_path(key)):
            self.remote.fetch_record(key)
        return super().action(key)

    def complete(self, record: Record) -> bool:
        """Whether all blobs of a record are there, or at the remote, with the right size."""
        missing = self.missing(record["output"])
        return not missing or (self.remote is not None and self.remote.has(missing))

    def fetch(self, blobs: Iterable[Blob]) -> bool:
        """Bring blobs from the remote; whether all came."""
        return self.remote is not None and self.remote.fetch(blobs)

    def put(
        self,
        key: str,
        value: Any,
        *,
        facts: Callable[[], Record] = dict,
        where: str = "value",
        on_chunk: Callable[[int, int], None] | None = None,
        stream: Stream | None = None,
        examine: Callable[[Tree], None] | None = None,
        replace: bool = False,
    ) -> Record:
        """Store a value under a key; returns its record.

        Frames are written chunk by chunk; chunks that an interrupted `put` of the same key wrote
        are not asked for again. Files in `scratch` folders are moved, others copied. A remote has
        the result after the next `flush`.

        Args:
            facts: gives JSON to keep with the result (notes, seconds, step, …) once the value is
                written; what it raises keeps the result out of the store.
            where: what the value is, for messages.
            on_chunk: called with (frames done, frames in all).
            stream: names chunks of frames by what they depend on, so that other results of that
                stream share them.
            examine: called with the tree of what was written; what it raises keeps the result
                out of the store, as what `facts` raises does.
            replace: upload it also where the remote has a result of that key.
        """
        self.prepare()
        with self.pins.held():
            logs = f"{self.path}/partial/{key if stream is None else stream.stem}"
            sink = Storing(self.blobs, logs, on_chunk, None if stream is None else stream.key)
            tree = encode(value, sink, where, storable=True)
            if examine is not None:
                examine(tree)
            record: Record = {
                **facts(),
                "format": FORMAT,
                "key": key,
                "created": time.time(),
                "output": tree,
                "digest": digest_tree(tree),
            }
            with disk.guarded(self.path):
                write_record(self._action_path(key), record, self.blobs.temporary, self.durable)
            self.made(key, replace)
            if sink.streams and stream is None:
                disk.remove_tree(logs)
            self._make_room(key)
        return record

    def made(self, key: str, replace: bool = False) -> None:
        """A result was written here: the remote is to have it, too."""
        if self.remote is not None:
            self.remote.made(key, replace)

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
            return encode(value, Storing(self.blobs, partial), where, storable=True)
        finally:
            disk.remove_tree(partial)

    def load(self, tree: Tree) -> Any:
        """The value of an output tree; DamagedError if any blob of it is not what was written."""
        if self.remote is not None:
            self.remote.fetch(self.missing(tree))  # many at a time
        return decode(tree, self.blobs)

    def touch(self, key: str) -> None:
        """Mark a result as used now, for LRU eviction; to the minute."""
        path = self._action_path(key)
        with contextlib.suppress(OSError):
            if abs(time.time() - os.stat(path).st_mtime) > _MINUTE:
                disk.operations.utime(path)

    # -- beside others -------------------------------------------------------------------------

    def claim(self, key: str, done: Callable[[], bool]) -> leases.Lease | None:
        """Take the right to make a key, or wait; None once `done()` says another made it."""
        return leases.claim(f"{self.path}/leases/{key}", done)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[Callable[[str], None]]:
        """While open, the keys that are given to the function stay; a flush at the end."""
        with self.pins.held():
            if self.remote is None:
                yield self.pins.add
            else:
                with self.remote.session(self.pins.names):
                    yield self.pins.add

    def flush(self) -> None:
        """Wait until what was made is at the remote, as far as it can be reached; StoreError."""
        if self.remote is not None:
            self.remote.flush(self.pins.names)

    def telling(self, say: Callable[[str], None]) -> contextlib.AbstractContextManager[None]:
        """While open, what a person should know of the remote goes to `say`, not to the log."""
        return contextlib.nullcontext() if self.remote is None else self.remote.telling(say)

    # -- what is not stored ----------------------------------------------------------------------

    def memo(self, name: str, subject: str) -> Record | None:
        """A remembered fact, or None."""
        return self.memos.get(name, subject)

    def remember(self, name: str, subject: str, fact: Record) -> None:
        """Remember a fact if the store can be written; it may be lost without harm."""
        with contextlib.suppress(StoreError):
            self.prepare()
            self.memos.set(name, subject, fact)

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

    # -- upkeep, of which there is more in upkeep.py, collect.py and archive.py --------------------

    def ls(self) -> list[upkeep.Entry]:
        """All results, the most recently used first."""
        return upkeep.entries(self)

    def rm(self, what: str) -> upkeep.Entry:
        """Remove exactly one result, named by key, start of a key or (graph:)step."""
        return upkeep.remove(self, what)

    def gc(self, max_bytes: int | None = None) -> collect.Freed:
        """Remove what is not needed, and the least recently used results beyond a size."""
        return collect.collect(self, max_bytes)

    def verify(self) -> list[str]:
        """Read everything; remove and name what is damaged."""
        return upkeep.verify(self)


@cache
def _opened(path: str, remote: str | None, durable: bool, limit: int | None) -> Store:
    """A worker's store: what is known of it, and of an outage, serves all of its jobs."""
    return Store(path, remote=remote, durable=durable, limit=limit)


__all__ = ["Store", "StoreError", "default_folder"]
