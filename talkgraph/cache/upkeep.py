"""Looking after a store: what is in it, what it was made from, whether it is whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from talkgraph.cache import collect, disk, trash
from talkgraph.cache.codecs import references
from talkgraph.cache.folder import Folder
from talkgraph.cache.keys import digest_file, is_digest
from talkgraph.cache.records import Record
from talkgraph.errors import DamagedError, StoreError


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


def entries(folder: Folder) -> list[Entry]:
    """All readable results, the most recently used first."""
    found = [_entry(record, status) for record, status in _actions(folder)]
    return sorted(found, key=lambda entry: entry.used, reverse=True)


def named(folder: Folder, what: str) -> list[Entry]:
    """Results by key, start of a key, step, graph:step or node, the most recently used first.

    Raises:
        StoreError: there is none.
    """
    chosen = [
        entry
        for entry in entries(folder)
        if what in (entry.step, f"{entry.graph}:{entry.step}", entry.node)
        or (len(what) >= 6 and entry.key.startswith(what))
    ]
    if not chosen:
        raise StoreError(
            f"store {folder.path} has no result '{what}'; list them to see which there are"
        )
    return chosen


def remove(folder: Folder, what: str) -> Entry:
    """Remove exactly one result, named as in `named`.

    Raises:
        StoreError: there is none, there are several, or the disk does not let it go.
    """
    chosen = named(folder, what)
    if len(chosen) > 1:
        keys = ", ".join(entry.key[:12] for entry in chosen[:5])
        raise StoreError(f"'{what}' names {len(chosen)} results ({keys}, ...); give a key")
    collect.drop(folder, chosen[0].key)
    return chosen[0]


def verify(folder: Folder) -> list[str]:
    """Read everything; remove what is damaged, a line each. Empty: the store is whole."""
    said: list[str] = []
    with contextlib.suppress(OSError):
        folder.sweep()

    def sound(blob: Path) -> bool:
        digest = blob.name[:64]
        return is_digest(digest) and digest_file(blob) == digest

    with disk.guarded(folder.path):
        for path, _ in disk.files(folder.path / "blobs"):
            with contextlib.suppress(FileNotFoundError):
                if not sound(Path(path)) and trash.discard(
                    Path(path), folder.blobs.temporary, sound
                ):
                    said.append(f"{path} had changed content; removed, it will be made again")
        for path, _ in disk.files(folder.path / "actions"):
            key = Path(path).stem
            try:
                record = folder.action(key)
            except DamagedError as error:
                said.append(f"{error}; removed, it will be made again")
                continue
            if record is not None and not folder.near and _lacks(folder, record):
                folder.forget(key)
                said.append(
                    f"result {key[:12]} of step '{visible(str(record.get('step')))}' "
                    "lacked a file; removed"
                )
    return said


def _lacks(folder: Folder, record: Record) -> bool:
    """Whether a blob of a record is gone; not if a collector has it aside, and may put it back."""
    return any(
        not folder.blobs.present(*blob)
        and not trash.aside(folder.blobs.temporary, blob[0] + blob[1])
        and not folder.blobs.present(*blob)
        for blob in references(record["output"])
    )


def provenance(folder: Folder, what: str) -> Record:
    """How the most recently used result of that name (see `named`) came to be, as JSON.

    Its record without the output, with its size, and under `others` the keys of older results.
    """
    entry, *others = named(folder, what)
    record = folder.action(entry.key)
    if record is None:
        raise StoreError(f"store {folder.path} has no result '{what}' any more")
    known = {name: fact for name, fact in record.items() if name not in ("output", "format")}
    try:
        known["parameters"] = {
            name: text for name, (_, text) in record.get("parameters", {}).items()
        }
        known["inputs"] = {
            port: {"source": source, "digest": digest}
            for port, (digest, source) in record.get("inputs", {}).items()
        }
    except (AttributeError, TypeError, ValueError):
        raise odd(entry.key) from None
    return {**known, "size": entry.size, "others": [other.key for other in others]}


def odd(key: str) -> StoreError:
    """The error that a record is not what this program writes."""
    return StoreError(f"the record of result {key[:12]} is not one of ours; remove that result")


def visible(text: str) -> str:
    """A text, perhaps of a stranger, as a line with nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _entry(record: Record, status: os.stat_result) -> Entry:
    blobs = {digest: size for digest, _, size in references(record["output"])}
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


def _actions(folder: Folder) -> Iterator[tuple[Record, os.stat_result]]:
    for name, status in disk.files(folder.path / "actions"):
        path = Path(name)
        with contextlib.suppress(DamagedError):
            record = folder.action(path.stem)
            if record is not None:
                yield record, status
