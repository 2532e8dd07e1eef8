"""A remote store, such as s3://bucket/prefix, behind a local folder; the same names on both sides.

Read through: what the folder lacks is downloaded to a temporary file, held against its digest, and
only then published in the folder. A remote is believed in nothing but that.

Written behind: at a flush goes up what this process made, and what its run used and the remote
lacks, blobs before the records that name them. So an outage or a kill only puts an upload off until
a run uses the result again. The first record of a key stays, unless it or one of its blobs is
missing or wrong, or a step was made again by force. An outage costs one warning, and for a while
nothing is asked any more; a remote that may only be read costs one, and nothing is uploaded.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from talkgraph.cache import disk
from talkgraph.cache.blobs import Blob
from talkgraph.cache.codecs import references
from talkgraph.cache.folder import Folder
from talkgraph.cache.keys import digest_file, is_digest
from talkgraph.cache.object_store import ObjectStore, Refused, Unreachable
from talkgraph.cache.records import LARGEST, Record, read_action
from talkgraph.errors import DamagedError, StoreError

T = TypeVar("T")
S = TypeVar("S")
Say = Callable[[str], None]
"""Told what a person should know, in one line."""

AWAY = 60.0  # s for which a network that failed is left alone
_THREADS = 8  # transfers at a time
_TRIES = 2  # downloads of a blob that arrives changed
_UNSOUND = (ValueError, KeyError, TypeError, RecursionError, DamagedError)
_log = logging.getLogger(__name__)


class Remote:
    """The far end of one store."""

    def __init__(self, url: str, folder: Folder) -> None:
        self.objects = ObjectStore(url, folder.path)
        self._folder = folder
        self._lock = threading.Lock()
        self._made: dict[str, bool] = {}  # keys to upload -> whether in the place of what is there
        self._there: set[str] = set()  # keys that the remote has, as far as this process knows
        self._faulty: set[str] = set()  # names of blobs, and keys, that are missing or wrong there
        self._away = 0.0  # until when the network is left alone
        self._warned = self._read_only = False
        self._say: Say = _log.warning
        self._transfers = ThreadPoolExecutor(_THREADS, "talkgraph-transfer")

    def open(self) -> None:
        """StoreError if the URL is of no kind that is known here."""
        with contextlib.suppress(Unreachable):  # said when something is asked of it
            self.objects.open()

    def _attempt(self, act: Callable[[S], T], subject: S) -> T | None:
        """Do what needs the remote; None if it is out of reach, which is said once."""
        if time.monotonic() < self._away:
            return None
        try:
            return act(subject)
        except Unreachable as error:
            with self._lock:
                if time.monotonic() < self._away:
                    return None
                self._away = time.monotonic() + AWAY
                warned, self._warned = self._warned, True
            if not warned:
                self._say(
                    f"store {self.objects.name} cannot be reached ({error}); going on with "
                    f"{self._folder.path} alone, a later run uploads what it uses"
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
        self._folder.prepare()
        path = self._folder.blobs.temporary / disk.own_name()
        try:
            yield path
        finally:
            disk.discard(path)

    # -- reading through -------------------------------------------------------------------------

    def fetch_record(self, key: str) -> None:
        """Bring the record of a key into the folder, if the remote has a sound one."""
        self._attempt(self._fetch_record, key)

    def _fetch_record(self, key: str) -> None:
        with self._temporary() as temp:
            record = self._record(key, temp)
            if record is None:
                return
            if self._faulty.isdisjoint(_names(record)):
                with disk.guarded(self._folder.path):
                    disk.publish(temp, self._folder.action_path(key), self._folder.durable)
                self._there.add(key)
            else:
                self._faulty.add(key)

    def _record(self, key: str, temp: Path) -> Record | None:
        """The remote's record of a key, downloaded and checked in itself."""
        if not self.objects.download(_record_name(key), temp, LARGEST):
            return None
        try:
            record = read_action(temp, key)
            _names(record or {"output": None})
        except _UNSOUND:
            record = None
        if record is None:
            self._faulty.add(key)
        return record

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
                    self._folder.blobs.adopt(blob, temp)
                    return True
        self._faulty.add(digest + suffix)
        return False

    def _has(self, blob: Blob) -> bool:
        known = blob[0] + blob[1] not in self._faulty
        return known and self.objects.size(_blob_name(blob)) == blob[2]

    # -- writing behind --------------------------------------------------------------------------

    def made(self, key: str, replace: bool) -> None:
        """A result was made here, to be uploaded with the next flush."""
        with self._lock:
            self._made[key] = replace
            self._there.discard(key)

    @contextlib.contextmanager
    def session(self, used: Collection[str]) -> Iterator[None]:
        """Around a run: a flush at the end. `used`: the keys, among others, that it uses."""
        self._away, self._warned, self._read_only = 0.0, False, False
        try:
            yield
        except Exception:  # what was made before a step failed is worth an upload
            with contextlib.suppress(StoreError):
                self.flush(used)
            raise
        self.flush(used)

    def flush(self, used: Collection[str]) -> None:
        """Upload what was made, and what was used and is not there; as far as it can be reached.

        Raises:
            StoreError: the remote refuses, or something must be done about it first.
        """
        with self._lock:
            made, self._made = self._made, {}
        try:
            keys = [*made, *(key for key in list(used) if key not in self._there | made.keys())]
            found = self._each(lambda key: self._to_send(key, made.get(key)), keys)
            records = {record["key"]: record for record in found if record is not None}
            needed = {key: references(record["output"]) for key, record in records.items()}
            blobs = list(dict.fromkeys(blob for some in needed.values() for blob in some))
            sent = dict(zip(blobs, self._each(self._put_blob, blobs), strict=True))
            whole = [key for key, some in needed.items() if all(sent[blob] for blob in some)]
            self._each(lambda key: self._put_record(key, made.get(key)), whole)
        finally:
            left = (
                {} if self._read_only else {k: v for k, v in made.items() if k not in self._there}
            )
            with self._lock:
                self._made = {**left, **self._made}

    def _each(self, act: Callable[[S], T], subjects: list[S]) -> list[T | None]:
        """Do it with each, many at a time; None where it could not be done."""

        def attempt(subject: S) -> T | None:
            try:
                return None if self._read_only else self._attempt(act, subject)
            except FileNotFoundError:  # removed here meanwhile
                return None
            except Refused as error:
                self._upload_no_more(error)
                return None

        return list(self._transfers.map(attempt, subjects))

    def _to_send(self, key: str, made: bool | None) -> Record | None:
        """The record of a key here, if the remote is to have it.

        Args:
            made: None: it was not made just now. True: it is to take the place of what is there.
        """
        record = None
        with contextlib.suppress(*_UNSOUND):
            record = read_action(self._folder.action_path(key), key) if is_digest(key) else None
        if record is None:  # a digest of a blob; or removed meanwhile
            return None
        if not self._faulty.isdisjoint(everything := {key, *_names(record)}):
            self._faulty |= everything  # where one was changed, who knows of the others
        elif made:
            self._faulty.add(key)
        elif made is None:
            if self.objects.size(_record_name(key)) is None:
                return record
            self._there.add(key)
            return None
        else:
            with self._temporary() as temp:
                theirs = self._record(key, temp)
            if theirs is not None and all(map(self._has, references(theirs["output"]))):
                self._there.add(key)
                return None
            if theirs is not None:
                self._faulty.add(key)
        return record

    def _put_blob(self, blob: Blob) -> bool:
        """Upload a blob unless it is there; False if it is neither there nor here."""
        if not self._has(blob):
            if not self._folder.blobs.present(*blob):
                return False
            self.objects.upload(_blob_name(blob), self._folder.blobs.path(*blob[:2]))
            self._faulty.discard(blob[0] + blob[1])
        return True

    def _put_record(self, key: str, made: bool | None) -> None:
        """Upload a record: of two that come at once the first stays."""
        path = self._folder.action_path(key)
        try:
            if key not in self._faulty:
                with contextlib.suppress(FileExistsError):
                    self.objects.create(_record_name(key), path)
                self._there.add(key)
                return
        except Unreachable:  # or it does not know the condition
            pass
        self.objects.upload(_record_name(key), path)
        self._faulty.discard(key)
        self._there.add(key)

    def _upload_no_more(self, error: Refused) -> None:
        """We may not write, if it is only that; Refused if we may not read either."""
        self.objects.size(_record_name("0" * 64))
        with self._lock:
            known, self._read_only = self._read_only, True
        if not known:
            self._say(
                f"store {self.objects.name} may be read but not written "
                f"({error.__cause__}); what is made stays in {self._folder.path}"
            )


def _record_name(key: str) -> str:
    return f"actions/{key[:2]}/{key}.json"


def _blob_name(blob: Blob) -> str:
    return f"blobs/{blob[0][:2]}/{blob[0]}{blob[1]}"


def _names(record: Record) -> set[str]:
    return {digest + suffix for digest, suffix, _ in references(record["output"])}
