"""Collecting: what nothing needs goes, and the least recently used results beyond a size limit.

Records go before the blobs that only they point at. All are first moved aside; then the pins of
running processes are read again (pins.py) and after them the records, and what became needed
meanwhile is put back. Who puts a record back does as whoever writes one: it pins the blobs and
looks whether they are there, as another collector may hold them aside. Records that another version
of talkgraph wrote are not understood: they stay, and so does every blob whose digest is in them.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import Counter
from pathlib import Path

import attrs

from talkgraph.cache import disk, trash
from talkgraph.cache.codecs import references
from talkgraph.cache.folder import Folder
from talkgraph.cache.keys import FORMAT, is_digest
from talkgraph.cache.pins import pinned
from talkgraph.cache.records import discard_unsound, read_record
from talkgraph.errors import DamagedError, StoreError

_KEPT = ("actions", "blobs", "history", "last_runs", "leases", "memo", "partial", "runs")
_PARTIAL_KEPT = 7 * 24 * 3600.0  # s; interrupted frame streams are resumable for a week
_LEASE_KEPT = 3600.0  # s without renewal: its holder is long dead
_ANY_DIGEST = re.compile("[0-9a-f]{64}")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@attrs.frozen
class Freed:
    """What was removed."""

    results: int
    files: int
    bytes: int


@attrs.frozen
class _Result:
    """A result of ours: the file names of its blobs, and its record's file."""

    blobs: set[str]
    record: Path
    size: int
    used: float


def bytes_of(text: str) -> int:
    """``500M``, ``1.5 GiB`` or ``4096`` as bytes (powers of 1024); ValueError for anything else."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is no size; write it as 500M or 20G")
    return int(float(match[1]) * 1024 ** _POWERS[match[2].lower()])


def usage(folder: Folder) -> int:
    """Bytes that the store takes on disk; models and near tiers may lie in the same folder."""
    return _kept(folder, (*_KEPT, "tmp"))


def _kept(folder: Folder, names: tuple[str, ...] = _KEPT) -> int:
    """Bytes without unfinished files and scratch folders, which go by themselves."""
    with disk.guarded(folder.path):
        return sum(s.st_size for name in names for _, s in disk.files(folder.path / name))


def evict(folder: Folder, limit: int) -> int:
    """Bring a store that is above its limit well below it.

    Returns:
        Bytes that may be written before this is asked again; several processes may write them.
    """
    room = limit - _kept(folder)
    if room < 0:
        collect(folder, limit - limit // 10)
        room = limit - _kept(folder)
    return max(room // 4, limit // 100)


def collect(folder: Folder, max_bytes: int | None) -> Freed:
    """Remove what no result needs, then the least recently used results until the rest fits.

    What a running process uses stays, and so do streams that can be resumed.
    """
    folder.prepare()
    with disk.guarded(folder.path):
        now = folder.sweep()
        for partial in list((folder.path / "partial").glob("*")):
            newest = max((status.st_mtime for _, status in disk.files(partial)), default=0.0)
            if now - newest > _PARTIAL_KEPT:
                disk.remove_tree(partial)
        for path, status in disk.files(folder.path / "leases"):
            if now - status.st_mtime > _LEASE_KEPT:
                disk.discard(path)
        collection = _Collection(folder, now)
        collection.sweep()
        if max_bytes is not None:
            collection.shrink(_kept(folder) - max_bytes)
        return collection.finish()


def drop(folder: Folder, key: str) -> Freed:
    """Remove one result, whoever uses it, and the blobs that only it holds.

    Raises:
        StoreError: the disk does not let it go.
    """
    folder.prepare()
    with disk.guarded(folder.path):
        collection = _Collection(folder, disk.clock(folder.blobs.temporary))
        collection.drop(key)
        freed = collection.finish(spare_results=False)
    if collection.stuck:
        raise StoreError(
            f"{collection.stuck[0]}: the result cannot be removed; check that you may write there, "
            "and that no program has the file open"
        )
    return freed


class _Collection:
    """What a store holds, and what is to go."""

    def __init__(self, folder: Folder, now: float) -> None:
        self._folder = folder
        self._now = now
        self._results: dict[str, _Result] = {}
        self._holders: Counter[str] = Counter()  # blob name -> results that hold it
        self._foreign: set[str] = set()  # digests in records of another format
        self._seen: dict[str, tuple[int, int]] = {}
        self._read_records()
        self._pinned = self._pins()
        self._doomed: dict[str, _Result] = {}
        self._blobs: dict[Path, int] = {}  # to go: path -> size
        self.stuck: list[Path] = []  # records that the disk does not let go

    def _read_records(self) -> None:
        """Take in all records that are new since the last time."""
        for path, status in disk.files(self._folder.path / "actions"):
            mark = (status.st_ino, status.st_mtime_ns)
            if self._seen.get(path) != mark:
                self._seen[path] = mark
                self._read(Path(path), status)

    def _read(self, path: Path, status: os.stat_result) -> None:
        try:
            record = read_record(path)
            if record is None:
                return
            if record.get("format") == FORMAT:
                blobs = {digest + suffix for digest, suffix, _ in references(record["output"])}
                self._results[path.stem] = _Result(blobs, path, status.st_size, status.st_mtime)
                self._holders.update(blobs)
            else:
                self._foreign.update(_ANY_DIGEST.findall(json.dumps(record)))
        except (ValueError, KeyError, DamagedError):  # damaged: nobody can use it
            discard_unsound(path, path.stem)

    def _pins(self) -> set[str]:
        """Keys and digests that must stay now."""
        found = self._folder.pins.names | pinned(self._folder.path / "runs", self._now)
        for path, _ in disk.files(self._folder.path / "partial"):  # chunks of resumable streams
            with contextlib.suppress(FileNotFoundError):
                words = disk.operations.read(path).decode(errors="replace").split()
                found.update(word for word in words if is_digest(word))
        return found

    def sweep(self) -> None:
        """Blobs that no result holds are to go."""
        for name, status in disk.files(self._folder.path / "blobs"):
            path = Path(name)
            if not self._holders[path.name] and not self._needed(path, self._pinned):
                self._blobs[path] = status.st_size

    def _needed(self, blob: Path, pins: set[str]) -> bool:
        return blob.name[:64] in pins or blob.name[:64] in self._foreign

    def shrink(self, excess: int) -> None:
        """The least recently used results are to go, until so many bytes are freed."""
        excess -= sum(self._blobs.values())
        for key, result in sorted(self._results.items(), key=lambda item: item[1].used):
            if excess <= 0:
                return
            if key not in self._pinned:
                excess -= self.drop(key) + result.size

    def drop(self, key: str) -> int:
        """A result is to go, with the blobs that only it holds; bytes of these."""
        freed = 0
        result = self._results.get(key)
        if result is None:  # another process removed it since it was looked up
            return 0
        self._doomed[key] = result
        for name in result.blobs:
            self._holders[name] -= 1
            if not self._holders[name]:
                path = self._folder.blobs.path(name[:64], name[64:])
                with contextlib.suppress(FileNotFoundError):  # it may still be at the remote only
                    self._blobs[path] = os.stat(path).st_size
                    freed += self._blobs[path]
        return freed

    def finish(self, *, spare_results: bool = True) -> Freed:
        """Remove what is to go, unless it was pinned meanwhile."""
        with trash.Trash(self._folder.blobs.temporary) as moved:
            try:
                return self._finish(moved, spare_results)
            except BaseException:
                self._put_back(moved, set(self._blobs), set(self._doomed))
                raise

    def _finish(self, moved: trash.Trash, spare_results: bool) -> Freed:
        for key, result in list(self._doomed.items()):
            moved.take(result.record)
            if result.record not in moved.moved and os.path.exists(result.record):
                self._holders.update(self._doomed.pop(key).blobs)  # it stays, with its blobs
                self.stuck.append(result.record)
        if self._folder.durable:  # a power cut must not bring back a record without its blobs
            for folder in {result.record.parent for result in self._doomed.values()}:
                disk.operations.sync_path(folder)
        for path in self._blobs:
            if not self._holders[path.name] and not self._needed(path, self._pinned):
                moved.take(path)
        pins = self._pins()
        spared = pins & self._doomed.keys() if spare_results else set()
        self._read_records()
        for key in spared:
            self._holders.update(self._doomed[key].blobs)
        needed = {
            path for path in self._blobs if self._holders[path.name] > 0 or self._needed(path, pins)
        }
        self._put_back(moved, needed, spared)
        results = sum(result.record in moved.moved for result in self._doomed.values())
        size = sum(os.stat(away).st_size for away in moved.moved.values())
        return Freed(results, len(moved.moved) - results, size)

    def _put_back(self, moved: trash.Trash, blobs: set[Path], keys: set[str]) -> None:
        for path in blobs:
            moved.put_back(path)
        with self._folder.pins.held():
            for result in (self._doomed[key] for key in keys):
                for name in result.blobs:
                    self._folder.pins.add(name[:64])
                near = [self._folder.blobs.path(name[:64], name[64:]) for name in result.blobs]
                if self._folder.near or all(map(os.path.exists, near)):
                    moved.put_back(result.record)
