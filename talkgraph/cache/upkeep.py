"""Looking after a store: what is in it, what it was made from, whether it is whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.cache import collect, disk, trash
from talkgraph.cache.codecs import references
from talkgraph.cache.keys import digest_file, is_digest
from talkgraph.cache.records import Record
from talkgraph.errors import DamagedError, StoreError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store


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


def entries(store: Store) -> list[Entry]:
    """All readable results, the most recently used first."""
    found = [_entry(record, status) for record, status in _actions(store)]
    return sorted(found, key=lambda entry: entry.used, reverse=True)


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
    collect.drop(store, chosen[0].key)
    return chosen[0]


def verify(store: Store) -> list[str]:
    """Read everything; remove what is damaged, a line each. Empty: the store is whole."""
    said: list[str] = []
    with contextlib.suppress(OSError):
        trash.sweep(store.blobs.temporary, store.blobs.folder, disk.clock(store.blobs.temporary))

    def sound(blob: Path) -> bool:
        digest = blob.name[:64]
        return is_digest(digest) and digest_file(blob) == digest

    with disk.guarded(store.path):
        for path, _ in disk.files(store.path / "blobs"):
            with contextlib.suppress(FileNotFoundError):
                if not sound(Path(path)) and trash.discard(
                    Path(path), store.blobs.temporary, sound
                ):
                    said.append(f"{path} had changed content; removed, it will be made again")
        for path, _ in disk.files(store.path / "actions"):
            key = Path(path).stem
            try:
                record = store.action(key)
            except DamagedError as error:
                said.append(f"{error}; removed, it will be made again")
                continue
            if record is not None and store.remote is None and _lacks(store, record):
                store.forget(key)
                said.append(
                    f"result {key[:12]} of step '{visible(str(record.get('step')))}' "
                    "lacked a file; removed"
                )
    return said


def _lacks(store: Store, record: Record) -> bool:
    """Whether a blob of a record is gone; not if a collector has it aside, and may put it back."""
    return any(
        not store.blobs.present(*blob)
        and not trash.aside(store.blobs.temporary, blob[0] + blob[1])
        and not store.blobs.present(*blob)
        for blob in references(record["output"])
    )


def provenance(store: Store, what: str) -> Record:
    """How the most recently used result of that name (see `named`) came to be, as JSON.

    Its record without the output, with its size, and under `others` the keys of older results.
    """
    entry, *others = named(store, what)
    record = store.action(entry.key)
    if record is None:
        raise StoreError(f"store {store.path} has no result '{what}' any more")
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
        raise _odd(entry.key) from None
    return {**known, "size": entry.size, "others": [other.key for other in others]}


def why(store: Store, what: str) -> str:
    """What a stored result was made from, where and when, in words."""
    facts = provenance(store, what)
    try:
        return _in_words(facts)
    except (KeyError, AttributeError, TypeError, ValueError, OverflowError, OSError):
        raise _odd(facts["key"]) from None


def _odd(key: str) -> StoreError:
    return StoreError(
        f"the record of result {key[:12]} is not one of ours; "
        f"`talkgraph cache rm {key[:12]}` removes it"
    )


def _in_words(facts: Record) -> str:
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
    return "\n".join(map(visible, lines))


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


def _actions(store: Store) -> Iterator[tuple[Record, os.stat_result]]:
    for name, status in disk.files(store.path / "actions"):
        path = Path(name)
        with contextlib.suppress(DamagedError):
            record = store.action(path.stem)
            if record is not None:
                yield record, status
