"""A remote store, such as s3://bucket/prefix, behind a local folder.

    <url>/blobs/ab/<digest>.npy, <url>/actions/ab/<key>.json      the same names as in the folder
    <folder>/pending/<digest of the url>/<key>                    marks of results to be uploaded

Read through: what the folder lacks is downloaded to a temporary file, held against its digest, and
only then published in the folder. A remote is believed in nothing but that.

Written behind: threads upload what is made, blobs before the record that names them, until a flush
at the end of the run. A mark is on disk before the record is, so that an outage or a kill only puts
the upload off: the next run takes it up. The first record of a key stays, unless it or one of its
blobs is missing or wrong, or a step was made again by force. An outage costs one warning, and for a
while nothing is asked any more; a remote that may only be read costs one, and nothing is uploaded.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from talkgraph.cache import disk
from talkgraph.cache.codecs import references
from talkgraph.cache.keys import digest_bytes, digest_file, is_digest
from talkgraph.cache.object_store import ObjectStore, Refused, Unreachable
from talkgraph.cache.records import LARGEST, Record, read_action
from talkgraph.errors import DamagedError, StoreError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

T = TypeVar("T")
Say = Callable[[str], None]
"""Told what a person should know, in one line."""
Blob = tuple[str, str, int]
"""Digest, suffix and size of a blob."""

AWAY = 60.0  # s for which a network that failed is left alone
ABSENT = 10.0  # s for which a record that was not there is not asked for again
_MARK_KEPT = 24 * 3600.0  # s; how long a result may take from its mark to its record
_THREADS = 8  # transfers at a time
_TRIES = 2  # downloads of a blob that arrives changed
_UNSOUND = (ValueError, KeyError, TypeError, RecursionError, DamagedError)
_log = logging.getLogger(__name__)


class Remote:
    """The far end of one store."""

    def __init__(self, url: str, store: Store) -> None:
        self.objects = ObjectStore(url, store.path)
        self._store = store
        self._marks = store.path / "pending" / digest_bytes(url.encode())[:16]
        self._lock = threading.Lock()
        self._sent: dict[str, Future[None]] = {}
        self._absent: dict[str, float] = {}  # key -> until when it is not asked for again
        self._faulty: set[str] = set()  # names of blobs, and keys, that are missing or wrong there
        self._away = 0.0  # until when the network is left alone
        self._warned = self._read_only = False
        self._say: Say = _log.warning
        self._start_threads()

    def _start_threads(self) -> None:
        self._uploads = ThreadPoolExecutor(2, "talkgraph-upload")
        self._transfers = ThreadPoolExecutor(_THREADS, "talkgraph-transfer")

    def _attempt(self, act: Callable[..., T], *arguments: Any) -> T | None:
        """Do what needs the remote; None if it is out of reach, which is said once."""
        if time.monotonic() < self._away:
            return None
        try:
            return act(*arguments)
        except Unreachable as error:
            with self._lock:
                if time.monotonic() < self._away:
                    return None
                self._away = time.monotonic() + AWAY
                warned, self._warned = self._warned, True
            if not warned:
                self._say(
                    f"store {self.objects.name} cannot be reached ({error}); going on with "
                    f"{self._store.path} alone, a later run uploads what is made"
                )
            return None

    @contextlib.contextmanager
    def telling(self, say: Say) -> Iterator[None]:
        """While open, what a person should know goes to `say`, not to the log."""
        before, self._say, self._warned = self._say, say, False
        try:
            yield
        finally:
            self._say = before

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        self._store.prepare()
        path = self._store.blobs.temporary / disk.own_name()
        try:
            yield path
        finally:
            disk.discard(path)

    # -- reading through -------------------------------------------------------------------------

    def fetch_record(self, key: str) -> None:
        """Bring the record of a key into the folder, if the remote has a sound one."""
        if time.monotonic() >= self._absent.get(key, 0.0):
            self._attempt(self._fetch_record, key)

    def _fetch_record(self, key: str) -> None:
        with self._temporary() as temp:
            record = self._record(key, temp)
            if record is None:
                self._absent[key] = time.monotonic() + ABSENT
            elif not self._faulty.isdisjoint(_names(record)):
                self._faulty.add(key)
            else:
                with disk.guarded(self._store.path):
                    disk.publish(temp, self._store.action_path(key), self._store.durable)

    def _record(self, key: str, temp: Path) -> Record | None:
        """The remote's record of a key, downloaded and checked in itself."""
        if not self.objects.download(_record_name(key), temp, LARGEST):
            return None
        try:
            record = read_action(temp, key)
            _names(record or {})
            return record
        except _UNSOUND:
            self._faulty.add(key)
            return None

    def fetch(self, blobs: Iterable[Blob]) -> bool:
        """Bring blobs into the folder; whether all of them came, unchanged."""
        return self._all(self._fetch, blobs)

    def has(self, blobs: Iterable[Blob]) -> bool:
        """Whether the remote has blobs of these sizes, as far as one can see from here."""
        return self._all(self._has, blobs)

    def _all(self, act: Callable[[Blob], bool], blobs: Iterable[Blob]) -> bool:
        each = self._transfers.map(lambda blob: self._attempt(act, blob), dict.fromkeys(blobs))
        return all(list(each))

    def _fetch(self, blob: Blob) -> bool:
        digest, suffix, size = blob
        if digest + suffix in self._faulty:
            return False
        for _ in range(_TRIES):
            with self._temporary() as temp:
                if not self.objects.download(_blob_name(blob), temp, size, size):
                    break
                if temp.stat().st_size == size and digest_file(temp) == digest:
                    self._store.blobs.adopt(blob, temp)
                    return True
        self._faulty.add(digest + suffix)
        return False

    def _has(self, blob: Blob) -> bool:
        known = blob[0] + blob[1] not in self._faulty
        return known and self.objects.size(_blob_name(blob)) == blob[2]

    # -- writing behind --------------------------------------------------------------------------

    @contextlib.contextmanager
    def sending(self, record: Record, replace: bool) -> Iterator[None]:
        """Around the writing of a record: it is uploaded afterwards, if need be by a later run."""
        if self._read_only:
            yield
            return
        key = record["key"]
        again = key in self._faulty or not self._faulty.isdisjoint(_names(record))
        text = b"again" if again else b"replace" if replace else b""
        with disk.guarded(self._store.path):
            folder = self._store.blobs.temporary
            disk.write(self._marks / key, [text], folder, self._store.durable)
        yield
        self._send(key)

    def _send(self, key: str) -> None:
        with self._lock:
            before = self._sent.get(key)
            if before is None or before.done():
                self._sent[key] = self._uploads.submit(self._attempt, self._upload, key)

    def _send_pending(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for mark in sorted(self._marks.iterdir()):
                if is_digest(mark.name):
                    self._send(mark.name)

    def flush(self) -> None:
        """Upload what is pending as far as the network allows, and wait for it; StoreError."""
        self._send_pending()
        with self._lock:
            sent = dict(self._sent)
        try:
            for future in sent.values():
                future.result()
        finally:  # what other threads sent meanwhile, they wait for
            with self._lock:
                for key in [key for key, future in self._sent.items() if future.done()]:
                    del self._sent[key]

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Around a run: take up what is pending, and flush at the end."""
        self._away, self._warned, self._read_only = 0.0, False, False
        self._send_pending()
        try:
            yield
            self.flush()
        except Exception:  # what was made before a step failed is worth an upload
            with contextlib.suppress(StoreError):
                self.flush()
            raise
        except BaseException:  # interrupted: later
            for threads in (self._uploads, self._transfers):
                threads.shutdown(wait=False, cancel_futures=True)
            self._start_threads()
            raise

    def _upload(self, key: str) -> None:
        """Upload one result and remove its mark; out of reach, the mark stays."""
        mark, path = self._marks / key, self._store.action_path(key)
        if self._read_only:
            disk.discard(mark)
            return
        record, how = None, b""
        with contextlib.suppress(FileNotFoundError):  # another process has uploaded it before
            how = mark.read_bytes()
        with contextlib.suppress(*_UNSOUND):
            record = read_action(path, key)
        if record is None:  # removed, damaged, or about to be written by another process
            with contextlib.suppress(FileNotFoundError):
                if disk.clock(self._store.blobs.temporary) - mark.stat().st_mtime > _MARK_KEPT:
                    disk.discard(mark)
            return
        blobs = dict.fromkeys(references(record["output"]))
        again = how == b"again"
        try:
            if all(list(self._transfers.map(lambda blob: self._put_blob(blob, again), blobs))):
                self._put_record(key, path, replace=how != b"")
        except FileNotFoundError:  # removed meanwhile
            pass
        except Refused as error:
            self._upload_no_more(key, error)
        disk.discard(mark)

    def _upload_no_more(self, key: str, error: Refused) -> None:
        """We may not write, if it is only that; Refused if we may not read either."""
        self.objects.size(_record_name(key))
        with self._lock:
            known, self._read_only = self._read_only, True
        if not known:
            self._say(
                f"store {self.objects.name} may be read but not written "
                f"({error.__cause__}); what is made stays in {self._store.path}"
            )

    def _put_blob(self, blob: Blob, again: bool) -> bool:
        """Upload a blob unless it is there; False if it is neither there nor here."""
        here = self._store.blobs.present(*blob)
        if (again and here) or self.objects.size(_blob_name(blob)) != blob[2]:
            if not here:
                return False
            self.objects.upload(_blob_name(blob), self._store.blobs.path(*blob[:2]))
        self._faulty.discard(blob[0] + blob[1])
        return True

    def _put_record(self, key: str, path: Path, replace: bool) -> None:
        """Upload a record; where it is not to replace, unless there is one that is whole."""
        if not replace:
            try:
                self.objects.create(_record_name(key), path)
                return
            except (FileExistsError, Unreachable):  # or it does not know the condition
                with self._temporary() as temp:
                    theirs = self._record(key, temp)
                if theirs is not None and self.has(references(theirs["output"])):
                    return
        self.objects.upload(_record_name(key), path)
        self._faulty.discard(key)


def _record_name(key: str) -> str:
    return f"actions/{key[:2]}/{key}.json"


def _blob_name(blob: Blob) -> str:
    return f"blobs/{blob[0][:2]}/{blob[0]}{blob[1]}"


def _names(record: Record) -> set[str]:
    return {digest + suffix for digest, suffix, _ in references(record["output"])}
