"""What the store does, as scenes with a state before and after, to be interrupted anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from talkgraph.cache import File, Frames, Store, disk, leases
from talkgraph.cache.keys import FORMAT, digest_bytes
from talkgraph.cache.records import write_record
from talkgraph.errors import DamagedError
from tests.torture import seams

LARGE = (1 << 17) + 100  # float64 numbers: more bytes than a store hashes at every read


def key(name: str) -> str:
    return digest_bytes(name.encode())


def pictures(count: int = 70) -> np.ndarray:
    return np.arange(count * 48, dtype=np.uint8).reshape(count, 4, 4, 3)


def stream(fail_after: int = 10**9) -> Frames:
    """70 frames in three chunks."""
    whole = pictures()

    def read(start: int, stop: int) -> np.ndarray:
        if start >= fail_after:
            raise InterruptedError
        return whole[start:stop]

    return Frames.from_function(len(whole), (4, 4, 3), read)


VALUES: dict[str, Callable[[], Any]] = {
    "small": lambda: {"n": 3, "array": np.arange(100)},
    "array": lambda: np.arange(1000.0),
    "large": lambda: np.arange(float(LARGE)),
    "same": lambda: [np.arange(1000.0), "as another"],
    "stream": stream,
    **{f"old{i}": lambda i=i: [np.full(2000, i), np.arange(700)] for i in range(4)},
}
FILES = {"moved": b"moved " * 1000, "copied": b"copied " * 1000}


def put(store: Store, name: str) -> None:
    """Store the value of that name."""
    if name == "moved":
        with store.scratch() as scratch:
            path = scratch / "file.bin"
            path.write_bytes(FILES[name])
            store.put(key(name), File(path), facts=dict)
    elif name == "copied":
        path = store.path.with_name("source.bin")
        path.write_bytes(FILES[name])
        store.put(key(name), File(path), facts=dict)
    else:
        store.put(key(name), VALUES[name](), facts=lambda: {"step": name})


def wrong(store: Store, name: str) -> str | None:
    """What is wrong with a result; None if it is right, or not there at all."""
    try:
        record = store.action(key(name))
        if record is None:
            return None
        found = store.load(record["output"])
        if name in FILES:
            return None if found.path.read_bytes() == FILES[name] else f"{name}: wrong content"
        return None if same(found, VALUES[name]()) else f"{name}: wrong value"
    except (DamagedError, OSError) as error:
        return f"{name}: {error}"


def same(one: Any, two: Any) -> bool:
    """Whether two values are equal to the last bit."""
    if isinstance(one, Frames):
        one, two = one.array(), two.array()
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and one == two


# -- the scenes --------------------------------------------------------------------------------


@attrs.frozen
class Scene:
    """Something that a store does.

    before: makes the old state. act: what is interrupted; may be done again.
    sure: results that are there before, during and after. after: those that are there after.
    """

    name: str
    act: Callable[[Store], None]
    before: Callable[[Store], None]
    sure: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    lasting: bool = True  # whether, with a durable store, it is to survive a power cut


def _putting(name: str, before: tuple[str, ...] = ()) -> Scene:
    def prepare(store: Store) -> None:
        store.prepare()
        for one in before:
            put(store, one)

    sure = frozenset(before)
    again = " again" if name in before else ""
    return Scene(f"put {name}{again}", lambda store: put(store, name), prepare, sure, sure | {name})


def _four(store: Store) -> None:
    for i in range(4):
        put(store, f"old{i}")
        path = store.action_path(key(f"old{i}"))
        os.utime(path, (1000 + i, 1000 + i))


def _litter(store: Store) -> None:
    """Orphans, an interrupted stream long past, a lost lease, a record of another format."""
    _four(store)
    store.blobs.put_array(np.arange(900))
    leaf = store.blobs.put_array(np.arange(901))
    record = {"format": FORMAT + 1, "strange": [leaf["blob"]]}
    write_record(store.action_path("f" * 64), record, store.blobs.temporary, False)
    _interrupted(store)
    for path in [*(store.path / "partial").rglob("*"), *(store.path / "partial").iterdir()]:
        os.utime(path, (0, 0))
    (store.path / "leases").mkdir()
    (store.path / "leases" / "lost").write_text("{}")
    os.utime(store.path / "leases" / "lost", (0, 0))


def _interrupted(store: Store) -> None:
    try:
        store.put(key("stream"), stream(fail_after=64), facts=dict)
    except InterruptedError:
        return
    raise AssertionError("it was to be interrupted")


def _rm(store: Store) -> None:
    if store.action(key("old1")) is not None:
        store.rm("old1")


def _shrink(store: Store) -> None:
    store.gc(50_000)  # two of the four fit


def _evict(store: Store) -> None:
    small = Store(store.path, durable=store.durable, limit=60_000)
    with small.in_use() as pin:
        pin(key("old0"))
        put(small, "array")


def _job(store: Store) -> None:
    """As the engine makes a step."""
    with store.in_use() as pin:
        pin(key("array"))
        store.action(key("array"))
        store.prepare()
        lease = store.claim(key("array"), lambda: False)
        assert lease is not None
        with lease:
            put(store, "array")
        store.touch(key("array"))


def _read_unsynced(store: Store) -> None:
    """A process that keeps what it verified, though the one that wrote it synced nothing."""
    put(Store(store.path, durable=False), "large")
    record = store.action(key("large"))
    assert record is not None
    Store(store.path).load(record["output"])


def _lost_lease(store: Store) -> None:
    store.prepare()
    (store.path / "leases").mkdir()
    who = {**leases.owner(), "start": "1"}
    (store.path / "leases" / key("array")).write_text(str(who).replace("'", '"'))


def _remember(store: Store) -> None:
    store.remember("code", "subject", {"fact": 1})
    source = store.path.with_name("source.txt")
    source.write_text("content")
    os.utime(source, (1000, 1000))
    assert store.content(source)[0] == digest_bytes(b"content")
    assert store.memo("code", "subject") in (None, {"fact": 1})


def _leftovers(store: Store) -> None:
    put(store, "old0")
    for i in range(2):
        left = store.blobs.temporary / f"{disk._machine_digits()}-999999999-{i}"
        (left / "inner").mkdir(parents=True)
        (left / "inner" / "file").write_text("x")
        os.utime(left, (0, 0))


_fours = frozenset(f"old{i}" for i in range(4))
SCENES = (
    Scene("the first put", lambda s: put(s, "array"), lambda s: None, after=frozenset({"array"})),
    _putting("small"),
    _putting("array"),
    _putting("large"),
    _putting("same", ("array",)),
    _putting("array", ("array",)),  # again: the record is replaced
    _putting("moved"),
    _putting("copied"),
    _putting("stream"),
    Scene("resume", lambda s: put(s, "stream"), _interrupted, after=frozenset({"stream"})),
    Scene("job", _job, Store.prepare, after=frozenset({"array"})),
    Scene("job after a lost lease", _job, _lost_lease, after=frozenset({"array"})),
    Scene("reading", _read_unsynced, Store.prepare, after=frozenset({"large"}), lasting=False),
    Scene("rm", _rm, _four, _fours - {"old1"}, _fours - {"old1"}),
    Scene("gc", lambda s: s.gc() and None, _litter, _fours, _fours),
    Scene("gc to a size", _shrink, _four, frozenset({"old2", "old3"}), frozenset({"old2", "old3"})),
    Scene("eviction", _evict, _four, frozenset({"old0"}), frozenset({"old0", "array"})),
    Scene("memos", _remember, _four, _fours, _fours),
    Scene("sweep", lambda s: Store(s.path).prepare(), _leftovers, frozenset({"old0"})),
)


def interrupted(scene: Scene, folder: Path) -> list[str]:
    """What is wrong with a store in which a scene was interrupted, before it is mended."""
    store = Store(folder)
    found = [text for name in [*VALUES, *FILES] if (text := wrong(store, name)) is not None]
    found += [f"{name} is lost" for name in sorted(scene.sure) if absent(store, name)]
    return found


def mended(scene: Scene, store: Store) -> list[str]:
    """What is wrong after the scene was played again, to its end."""
    with seams.using(disk.operations):
        scene.act(store)
    found = [text for name in [*VALUES, *FILES] if (text := wrong(store, name)) is not None]
    found += [f"{name} was not made" for name in sorted(scene.after) if absent(store, name)]
    return found + Store(store.path).verify()


def absent(store: Store, name: str) -> bool:
    try:
        return store.action(key(name)) is None
    except DamagedError:
        return True
