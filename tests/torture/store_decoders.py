"""What the store reads back, as a stranger who may write into it could have left it.

Such a stranger can forge checksums, so a forged result may well be served. But nothing that he
writes may crash the program, hang it or take its memory, and every refusal is one line.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph import File, Frames, Store
from talkgraph.cache import archive, codecs, collect, leases, records, upkeep
from talkgraph.cache.keys import digest_tree
from talkgraph.errors import TalkgraphError

from . import workshop
from .damage import mutate, mutate_text, mutate_tree
from .fuzzing import Decoder

WORDS = (
    "0", "1", "-1", "9" * 5000, "١", "²", "0" * 64, "a" * 64, ".npy", "\x00", "\x85", "\u2028",
    "{", "}", "[" * 50_000, '{"a":' * 20_000, '"', "null", "NaN", "1e999", "\ud800",
    '{"host": "elsewhere", "pid": 1}', '"pid": ' + "9" * 40, '"pid": -1', '"pid": 0',
    '"pid": 1e400', '"pid": true', '"start": {}', '"host": []',
)  # fmt: skip


# -- trees ---------------------------------------------------------------------------------------


def _tree_seeds(folder: Path) -> list[bytes]:
    store = Store(folder / "store", durable=False)
    result = workshop.run(store)
    trees = [store.action(result.records[name].key)["output"] for name in workshop.STEPS]
    plain = [1, 2**70, -0.5, "text", b"bytes", [1, (2,)], {1, "a"}, {"k": frozenset({1})}, None,
             True, np.float32(1), np.str_("x"), np.zeros((2, 0)), np.arange(3) > 1]  # fmt: skip
    for number, thing in enumerate(plain):
        trees.append(store.put(f"{number:064x}", thing, facts=dict)["output"])
    return [json.dumps(tree).encode() for tree in trees]


def _read_tree(data: bytes, folder: Path) -> None:
    tree = _json(data)
    store = Store(folder / "store", durable=False)
    refused = None
    for act in (
        lambda: _look_at(store.load(tree)),
        lambda: codecs.references(tree),
        lambda: codecs.field_of(tree, ("parts", "name")),
        lambda: store.complete({"output": tree}),
        lambda: store.put("f" * 64, store.load(tree), facts=dict),
    ):
        try:
            act()
        except TalkgraphError as error:
            refused = error
    if refused is not None:
        raise refused


def _look_at(found: Any, depth: int = 0) -> None:
    """Read a little of everything in a value."""
    if depth > 20:
        return
    if isinstance(found, np.ndarray):
        found.reshape(-1)[:5].sum() if found.dtype.kind in "iufb" else found.reshape(-1)[:5]
    elif isinstance(found, Frames) and len(found):
        found[0], found[-1], found[: min(len(found), 40)]
    elif isinstance(found, File):
        found.path.stat()
    elif isinstance(found, workshop.Whole):
        for field in (found.parts, found.table, found.file, found.frames):
            _look_at(field, depth + 1)
    elif isinstance(found, dict):
        for item in found.values():
            _look_at(item, depth + 1)
    elif isinstance(found, list | tuple):
        for item in found:
            _look_at(item, depth + 1)


# -- records with a valid checksum ---------------------------------------------------------------


def _record_seeds(folder: Path) -> list[bytes]:
    store = Store(folder / "store", durable=False)
    result = workshop.run(store)
    shutil.copytree(store.path, folder / "whole")
    keys = [result.records[name].key for name in workshop.STEPS]
    return [json.dumps(store.action(key)).encode() for key in keys]


def _read_record(data: bytes, folder: Path) -> None:
    """The record in its place, with the right check, key and digest, as far as it has any."""
    record = _json(data)
    if not isinstance(record, dict):
        return
    store = _restored(folder)
    keys = sorted(entry.key for entry in store.ls())
    key = record.get("key")
    key = record["key"] = key if key in keys else keys[0]
    with contextlib.suppress(ValueError, RecursionError):
        record["digest"] = digest_tree(record.get("output"))
    if _write(store, store.action_path(key), record):
        _use(store, key)


# -- memos: last runs, digests of files and of code ------------------------------------------------


def _memo_seeds(folder: Path) -> list[bytes]:
    store = Store(folder / "store", durable=False)
    workshop.run(store)
    shutil.copytree(store.path, folder / "whole")
    return [
        json.dumps([str(path.relative_to(store.path)), records.read_record(path)]).encode()
        for path in _memos(store)
    ]


def _memos(store: Store) -> list[Path]:
    below = [*workshop.files(store.path / "last_runs"), *workshop.files(store.path / "memo")]
    return [path for path in below if path.suffix == ".json"]


def _change_memo(data: bytes, rng: random.Random) -> bytes:
    name, record = json.loads(data)
    return _dump([name, mutate_tree(record, rng)])


def _read_memo(data: bytes, folder: Path) -> None:
    given = _json(data)
    if not (isinstance(given, list) and len(given) == 2 and isinstance(given[1], dict)):
        return
    store = _restored(folder)
    name, record = given
    if name not in {str(path.relative_to(store.path)) for path in _memos(store)}:
        return
    if _write(store, store.path / name, record):
        _use(store, None)


# -- line by line: partial logs, verified blobs, leases, runs ------------------------------------


def _line_seeds(folder: Path) -> list[bytes]:
    store = Store(folder / "store", durable=False)
    result = workshop.run(store)
    key = result.records["film"].key

    def interrupted(done: int, total: int) -> None:
        if done > 40:
            raise KeyboardInterrupt

    frames = store.load(store.action(key)["output"])
    copied = Frames.from_function(len(frames), frames.shape, lambda a, b: np.array(frames[a:b]))
    store.forget(key)
    with contextlib.suppress(KeyboardInterrupt):
        store.put(key, copied, facts=dict, on_chunk=interrupted)
    with store.in_use() as pin:
        pin(key)
        run = workshop.files(store.path / "runs")[0]
        text = run.read_text()
    lease = json.dumps({**leases.owner(), "token": "t"})
    (store.path / "leases").mkdir(exist_ok=True)
    (store.path / "leases" / key).write_text(lease)
    (store.path / "runs" / "1-other").write_text(text)
    shutil.copytree(store.path, folder / "whole")
    found = [
        *workshop.files(store.path / "partial"),
        *workshop.files(store.path / "memo" / "verified"),
    ]
    found += [*workshop.files(store.path / "leases"), *workshop.files(store.path / "runs")]
    return [
        str(path.relative_to(store.path)).encode() + b"\n" + path.read_bytes() for path in found
    ]


def _change_lines(data: bytes, rng: random.Random) -> bytes:
    name, _, text = data.partition(b"\n")
    if rng.random() < 0.5:
        return name + b"\n" + mutate(text, rng)
    changed = mutate_text(text.decode(errors="replace"), rng, WORDS)
    return name + b"\n" + changed.encode(errors="surrogatepass")


def _read_lines(data: bytes, folder: Path) -> None:
    name, _, text = data.partition(b"\n")
    store = _restored(folder)
    known = {str(path.relative_to(store.path)) for path in workshop.files(store.path)}
    if name.decode(errors="replace") not in known:
        return
    (store.path / name.decode()).write_bytes(text)
    _use(store, None)


# -- results in one file -------------------------------------------------------------------------


_ZIPS = tuple(f"{number}.zip" for number in range(4))


def _export_seeds(folder: Path) -> list[bytes]:
    store = Store(folder / "store", durable=False)
    result = workshop.run(store)
    found = []
    for number, step in enumerate(("small", "written", "film", "bound")):
        path = folder / f"{number}.zip"
        archive.export(store, path, result.records[step].key)
        found.append(path.read_bytes())
    return sorted(found, key=len)[:3]


def _read_export(data: bytes, folder: Path) -> None:
    shutil.rmtree(folder / "other", ignore_errors=True)
    path = folder / "given.zip"
    path.write_bytes(data)
    store = Store(folder / "other", durable=False)
    try:
        archive.import_(store, path)
    finally:
        assert store.verify() == []
        assert {one.name for one in folder.iterdir()} <= {"other", "store", "given.zip", *_ZIPS}
    for entry in store.ls():
        _look_at(store.load(store.action(entry.key)["output"]))


# -- all of them ---------------------------------------------------------------------------------


def _restored(folder: Path) -> Store:
    """The whole store, as it was made."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    shutil.copytree(folder / "whole", folder / "store", copy_function=shutil.copy)
    return Store(folder / "store", durable=False)


def _use(store: Store, key: str | None) -> None:
    """Everything that a user does with a store."""
    stale, leases.STALE = leases.STALE, 0.0  # a lease whose holder cannot be told is lost at once
    acts: list[Callable[[], object]] = [
        lambda: str(workshop.graph().plan({"seed": 0}, store=store)),
        lambda: _result(store),
        store.ls,
        lambda: collect.usage(store),
        lambda: upkeep.provenance(store, key or store.ls()[0].key),
        lambda: store.rm("torture:sum"),
        store.verify,
        lambda: store.gc(10_000),
    ]
    refused = None
    try:
        for act in acts:
            try:
                act()
            except TalkgraphError as error:
                refused = error
    finally:
        leases.STALE = stale
    if refused is not None:
        raise refused


def _result(store: Store) -> None:
    for name in workshop.STEPS:
        _look_at(workshop.run(store, until=name).output)


def _write(store: Store, path: Path, record: dict[str, Any]) -> bool:
    try:
        records.write_record(path, record, store.blobs.temporary, False)
    except (ValueError, RecursionError):  # what JSON cannot spell cannot be there
        return False
    return True


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _dump(tree: Any) -> bytes:
    try:
        return json.dumps(tree).encode()
    except RecursionError:
        return b"null"


def _change_tree(data: bytes, rng: random.Random) -> bytes:
    return _dump(mutate_tree(_json(data), rng))


DECODERS = (
    Decoder("trees", _tree_seeds, _read_tree, _change_tree),
    Decoder("records", _record_seeds, _read_record, _change_tree),
    Decoder("memos", _memo_seeds, _read_memo, _change_memo),
    Decoder("lines", _line_seeds, _read_lines, _change_lines),
    Decoder("exports", _export_seeds, _read_export),
)
