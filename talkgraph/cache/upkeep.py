"""Looking after a store: what is in it, how large it is, what may go, whether it is whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.cache import disk, leases
from talkgraph.cache.codecs import references
from talkgraph.cache.keys import digest_file, is_digest
from talkgraph.cache.records import Record
from talkgraph.errors import DamagedError, StoreError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

_PARTIAL_KEPT = 7 * 24 * 3600.0  # s; interrupted frame streams are resumable for a week
_GRACE = 3600.0  # s; while a process works, younger blobs may be part of an unfinished result


@attrs.frozen
class Entry:
    """One stored result. size: bytes of blobs and record; used: when it was last used (Unix s)."""

    key: str
    graph: str
    step: str
    node: str
    size: int
    seconds: float
    created: float
    used: float


@attrs.frozen
class Freed:
    """What `gc` removed."""

    results: int
    files: int
    bytes: int


def entries(store: Store) -> list[Entry]:
    """All readable results, the most recently used first."""
    found = [_entry(store, path, record) for path, record in _actions(store)]
    return sorted(found, key=lambda entry: entry.used, reverse=True)


def usage(store: Store) -> int:
    """Bytes that the store takes on disk."""
    return sum(_size(path) for path in _files(store.path))


def named(store: Store, what: str) -> list[Entry]:
    """Results by key, start of a key, step, graph:step or node, the most recently used first.

    Raises:
        StoreError: there is none.
    """
    chosen = [
        entry
        for entry in entries(store)
        if what in (entry.step, f"{entry.graph}:{entry.step}", entry.node)
        or (len(what) >= 6 and entry.key.startswith(what))
    ]
    if not chosen:
        raise StoreError(
            f"store {store.path} has no result '{what}'; `talkgraph cache ls` lists them"
        )
    return chosen


def remove(store: Store, what: str) -> Entry:
    """Remove exactly one result, named as in `named`; StoreError if there is none or several."""
    chosen = named(store, what)
    if len(chosen) > 1:
        keys = ", ".join(entry.key[:12] for entry in chosen[:5])
        raise StoreError(f"'{what}' names {len(chosen)} results ({keys}, ...); give a key")
    index = _Index(store)
    index.drop(chosen[0].key)
    return chosen[0]


def collect(store: Store, max_bytes: int | None) -> Freed:
    """Remove what no result needs, then the least recently used results until the rest fits.

    Results that a running process uses are spared, and so are streams that can be resumed.
    """
    pinned, busy = _running(store)
    index = _Index(store)
    with disk.guarded(store.path):
        for folder in list((store.path / "partial").glob("*")):
            if time.time() - _newest(folder) > _PARTIAL_KEPT:
                shutil.rmtree(folder, ignore_errors=True)
        index.sweep(_resumable(store), _GRACE if busy else 0.0)
        if max_bytes is not None:
            total = usage(store)
            results, freed = index.results, index.bytes
            for entry in reversed(entries(store)):
                if total - (index.bytes - freed) <= max_bytes:
                    break
                if entry.key not in pinned:
                    index.drop(entry.key)
                    results += 1
            index.results = results
    return Freed(index.results, index.files, index.bytes)


class _Index:
    """Which results hold which blobs; removes both, the result first."""

    def __init__(self, store: Store) -> None:
        self.results = self.files = self.bytes = 0
        self._store = store
        self._held: Counter[str] = Counter()
        self._blobs: dict[str, set[str]] = {}
        for _, record in _actions(store):
            names = {digest + suffix for digest, suffix, _ in references(record["output"])}
            self._blobs[record["key"]] = names
            self._held.update(names)

    def drop(self, key: str) -> None:
        """Remove one result and the blobs that no other result holds."""
        self.bytes += _size(self._store.action_path(key))
        self._store.forget(key)
        for name in self._blobs.pop(key, ()):
            self._held[name] -= 1
            if not self._held[name]:
                self._unlink(self._store.blobs.path(name[:64], name[64:]))

    def sweep(self, spared: set[str], grace: float) -> None:
        """Remove blobs that no result holds, unless younger than `grace` seconds."""
        for path in list(_files(self._store.path / "blobs")):
            if not self._held[path.name] and path.name[:64] not in spared:
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime >= grace:
                        self._unlink(path)

    def _unlink(self, path: Path) -> None:
        size = _size(path)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            self.files += 1
            self.bytes += size


def _running(store: Store) -> tuple[set[str], bool]:
    """Keys that live processes use, and whether there is any such process."""
    pinned: set[str] = set()
    busy = False
    for path in list(_files(store.path / "runs")):
        with contextlib.suppress(OSError):
            first, *keys = path.read_text(errors="replace").splitlines() or [""]
            owner = None
            with contextlib.suppress(ValueError, RecursionError):
                owner = json.loads(first)
            if not isinstance(owner, dict) or leases.is_dead(owner):
                path.unlink()
                continue
            pinned.update(keys)
            busy = True
    return pinned, busy


def _resumable(store: Store) -> set[str]:
    """Digests of chunks that interrupted streams have logged."""
    found: set[str] = set()
    for path in _files(store.path / "partial"):
        with contextlib.suppress(OSError):
            for line in path.read_text(errors="replace").splitlines():
                found.update(word for word in line.split() if is_digest(word))
    return found


def _newest(folder: Path) -> float:
    return max((path.stat().st_mtime for path in _files(folder)), default=0.0)


def verify(store: Store) -> list[str]:
    """Read everything; remove what is damaged, a line each. Empty: the store is whole."""
    said: list[str] = []
    for path in _files(store.path / "blobs"):
        digest = path.name[:64]
        with contextlib.suppress(FileNotFoundError):
            if not is_digest(digest) or digest_file(path) != digest:
                path.unlink()
                said.append(f"{path} had changed content; removed, it will be made again")
    for path in list(_files(store.path / "actions")):
        try:
            record = store.action(path.stem)
        except DamagedError as error:
            said.append(f"{error}; removed, it will be made again")
            continue
        if record is not None and not store.complete(record):
            store.forget(path.stem)
            said.append(
                f"result {path.stem[:12]} of step '{record.get('step')}' lacked a file; removed"
            )
    return said


def provenance(store: Store, what: str) -> Record:
    """How the most recently used result of that name (see `named`) came to be, as JSON.

    Its record without the output, with its size, and under `others` the keys of older results.
    """
    entry, *others = named(store, what)
    record = store.action(entry.key) or {}
    known = {name: fact for name, fact in record.items() if name not in ("output", "format")}
    known["parameters"] = {name: text for name, (_, text) in record.get("parameters", {}).items()}
    known["inputs"] = {
        port: {"source": source, "digest": digest}
        for port, (digest, source) in record.get("inputs", {}).items()
    }
    return {**known, "size": entry.size, "others": [other.key for other in others]}


def why(store: Store, what: str) -> str:
    """What a stored result was made from, where and when, in words."""
    facts = provenance(store, what)
    made = datetime.fromtimestamp(facts["created"]).isoformat(" ", "seconds")
    lines = [
        f"{facts['key']}",
        f"step {facts.get('step')} of graph {facts.get('graph')}: "
        f"node {facts.get('node')} version {facts.get('version')}, "
        f"made {made} in {facts.get('seconds', 0.0):.2f} s",
    ]
    machine = facts.get("machine")
    if machine:
        place = ", ".join(str(fact) for name, fact in machine.items() if fact and name != "host")
        lines.append(f"  on {machine['host']}: {place}")
        lines.append(f"  with talkgraph {facts['talkgraph']}, {facts['python']}")
    lines += [f"  parameter {name} = {text}" for name, text in facts["parameters"].items()]
    for port, read in facts["inputs"].items():
        lines.append(f"  port {port} = {read['source']} @ {read['digest'][:12]}")
    lines += [f"  note: {text}" for text in facts.get("notes", ())]
    if facts["others"]:
        keys = ", ".join(key[:12] for key in facts["others"][:5])
        lines.append(f"  {len(facts['others'])} more of that name: {keys}")
    return "\n".join(lines)


def _entry(store: Store, path: Path, record: Record) -> Entry:
    blobs = {digest: size for digest, _, size in references(record["output"])}
    with contextlib.suppress(OSError):
        status = path.stat()
        return Entry(
            key=record["key"],
            graph=str(record.get("graph", "")),
            step=str(record.get("step", "")),
            node=str(record.get("node", "")),
            size=sum(blobs.values()) + status.st_size,
            seconds=float(record.get("seconds", 0.0)),
            created=float(record["created"]),
            used=status.st_mtime,
        )
    return Entry(record["key"], "", "", "", 0, 0.0, 0.0, 0.0)


def _actions(store: Store) -> Iterator[tuple[Path, Record]]:
    for path in _files(store.path / "actions"):
        with contextlib.suppress(DamagedError):
            record = store.action(path.stem)
            if record is not None:
                yield path, record


def _files(folder: Path) -> Iterator[Path]:
    for base, _, names in os.walk(folder):
        for name in names:
            yield Path(base, name)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
