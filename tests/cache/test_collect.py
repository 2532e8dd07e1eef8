"""Eviction by itself, collecting beside running processes, records of other versions."""

import os
import subprocess
import sys

import numpy as np
import pytest

from talkgraph.cache import Frames, Store, collect, disk, trash
from talkgraph.cache.keys import FORMAT
from talkgraph.cache.records import write_record
from talkgraph.errors import DamagedError, StoreError


def key(i):
    return f"{i:02x}" * 32


def put(store, i, size=10_000):
    return store.put(key(i), np.full(size, i, np.uint8), facts=lambda: {"step": f"s{i}"})


def there(store):
    return sorted(int(entry.key[:2], 16) for entry in store.ls())


def whole(store):
    return (
        all(store.complete(store.action(entry.key)) for entry in store.ls()) and not store.verify()
    )


# -- a limit -----------------------------------------------------------------------------------


def test_a_store_keeps_to_its_limit_and_to_what_was_used_last(tmp_path):
    store = Store(tmp_path, durable=False, limit=200_000)
    for i in range(60):
        put(store, i)
        os.utime(store.action_path(key(i)), (1000 + i, 1000 + i))
        if i >= 10:
            os.utime(store.action_path(key(3)), (5000 + i, 5000 + i))  # used all the time
    assert collect.usage(store) <= 205_000 and whole(store)
    assert {3, 58, 59} <= set(there(store)) and len(there(store)) > 10
    assert 1 not in there(store)


def test_what_a_run_uses_is_not_evicted_even_beyond_the_limit(tmp_path):
    store = Store(tmp_path, durable=False, limit=50_000)
    with store.in_use() as pin:
        for i in range(12):
            pin(key(i))
            put(store, i)
        assert there(store) == list(range(12))
        for i in range(12):
            assert store.load(store.action(key(i))["output"])[0] == i
    put(store, 12)
    assert 12 in there(store) and collect.usage(store) <= 50_000


def test_another_process_that_evicts_spares_it_too(tmp_path):
    store = Store(tmp_path / "störe", durable=False)
    code = (
        "import sys, numpy as np; from talkgraph.cache import Store\n"
        "store = Store(sys.argv[1], durable=False, limit=30_000)\n"
        "for i in range(20, 30):\n"
        "    store.put(f'{i:02x}' * 32, np.full(10_000, i, np.uint8), facts=dict)"
    )
    with store.in_use() as pin:
        for i in range(2):
            pin(key(i))
            put(store, i)
        subprocess.run([sys.executable, "-c", code, store.path], check=True)
        assert {0, 1} <= set(there(store)) and len(there(store)) < 6


def test_the_size_is_not_walked_at_each_put(tmp_path, monkeypatch):
    walks = []
    real = collect.evict
    monkeypatch.setattr(collect, "evict", lambda *args: walks.append(1) or real(*args))
    store = Store(tmp_path, durable=False, limit=10_000_000)
    for i in range(100):
        put(store, i)
    assert len(walks) <= 2


def test_the_limit_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_STORE_LIMIT", "1.5 GiB")
    assert Store(tmp_path).limit == 3 << 29
    assert Store(tmp_path, limit=7).limit == 7
    monkeypatch.setenv("TALKGRAPH_STORE_LIMIT", "much")
    with pytest.raises(StoreError, match="TALKGRAPH_STORE_LIMIT: 'much' is no size"):
        Store(tmp_path)
    monkeypatch.delenv("TALKGRAPH_STORE_LIMIT")
    assert Store(tmp_path).limit is None


# -- beside others -----------------------------------------------------------------------------


class During(disk.Operations):
    """Lets something happen just before the first file is moved aside, or the last one goes."""

    def __init__(self, happens, name):
        self.happens, self.name = happens, name

    def _now(self, name):
        if self.happens is not None and name == self.name:
            happens, self.happens = self.happens, None
            happens()

    def rename(self, old, new):
        self._now("rename")
        super().rename(old, new)

    def unlink(self, path):
        self._now("unlink")
        super().unlink(path)


def test_a_blob_that_becomes_needed_while_it_is_collected_is_put_back(tmp_path, monkeypatch):
    """Another process stores an equal value while the only result that holds it is evicted."""
    store = Store(tmp_path, durable=False)
    put(store, 1)
    other = Store(tmp_path, durable=False)

    def happens():
        other.put(key(2), np.full(10_000, 1, np.uint8), facts=dict)

    monkeypatch.setattr(disk, "operations", During(happens, "rename"))
    store.gc(0)
    assert there(store) == [2] and whole(store)


def test_a_result_that_is_pinned_while_it_is_collected_is_put_back(tmp_path, monkeypatch):
    store = Store(tmp_path, durable=False)
    put(store, 1)
    with store.in_use() as pin:
        monkeypatch.setattr(disk, "operations", During(lambda: pin(key(1)), "rename"))
        assert store.gc(0).results == 0
    assert there(store) == [1] and whole(store)


def test_what_a_dead_collector_held_aside_comes_back(tmp_path):
    """It was nobody's when it was taken; a result that was stored since may rely on it."""
    store = Store(tmp_path, durable=False)
    put(store, 1)
    (blob,) = tmp_path.rglob("*.npy")
    dead = store.blobs.temporary / f"{disk._machine_digits()}-999999999-0.trash"
    dead.mkdir()
    blob.rename(dead / blob.name)
    (dead / f"record {key(2)}.json").write_text("gone")
    with pytest.raises(DamagedError, match="is gone"):
        store.load(store.action(key(1))["output"])
    Store(tmp_path).prepare()
    assert there(store) == [1] and whole(store) and not dead.exists()


def test_what_a_collector_holds_aside_is_not_lacking(tmp_path):
    store = Store(tmp_path, durable=False)
    put(store, 1)
    (blob,) = tmp_path.rglob("*.npy")
    with trash.Trash(store.blobs.temporary) as moved:
        moved.take(blob)
        assert store.verify() == [] and not blob.exists()
        moved.put_back(blob)
    assert there(store) == [1] and whole(store)


def test_a_collection_that_fails_puts_all_back(tmp_path, monkeypatch):
    store = Store(tmp_path, durable=False)
    put(store, 1)
    collection = collect._Collection
    real, calls = collection._pins, []

    def fails(self):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        return real(self)

    monkeypatch.setattr(collection, "_pins", fails)
    with pytest.raises(StoreError, match="Input/output error"):
        store.gc(0)
    assert there(store) == [1] and whole(store)


@pytest.mark.parametrize("how", ["rm", "shrink"])
def test_a_result_whose_record_cannot_be_moved_keeps_its_files(tmp_path, monkeypatch, how):
    store = Store(tmp_path, durable=False)
    for i in range(3):
        put(store, i)
    rename = disk.operations.rename

    def held(old, new):
        if key(1) in str(old):  # open elsewhere on Windows, or a share that denies it
            raise PermissionError(13, "no")
        rename(old, new)

    with monkeypatch.context() as patched:
        patched.setattr(disk.operations, "rename", held)
        if how == "rm":
            with pytest.raises(StoreError, match="cannot be removed; check that you may write"):
                store.rm(key(1))
        else:
            store.gc(max_bytes=0)
    assert there(store) == ([0, 1, 2] if how == "rm" else [1]) and whole(store)
    assert store.load(store.action(key(1))["output"])[0] == 1


def test_what_is_written_but_not_yet_recorded_stays(tmp_path, monkeypatch):
    store, other = Store(tmp_path, durable=False), Store(tmp_path, durable=False)

    def frames(start, stop):
        if start:
            other.gc(0)
        return np.full((stop - start, 16, 16, 3), start, np.uint8)

    record = store.put(
        key(1), [np.arange(900), Frames.from_function(96, (16, 16, 3), frames)], facts=dict
    )
    assert whole(store) and store.load(record["output"])[0][5] == 5


def test_a_collection_that_cannot_read_a_record_removes_nothing(tmp_path, monkeypatch):
    store = Store(tmp_path, durable=False)
    put(store, 1)
    before = sorted(path for path in tmp_path.rglob("*.npy"))
    assert before

    class Blind(disk.Operations):
        def read(self, path):
            if "actions" in str(path):
                raise OSError(5, "Input/output error")
            return super().read(path)

    monkeypatch.setattr(disk, "operations", Blind())
    with pytest.raises(StoreError, match="Input/output error"):
        store.gc(0)
    assert sorted(path for path in tmp_path.rglob("*.npy")) == before


# -- two versions over one store ---------------------------------------------------------------


def test_records_of_another_format_are_a_miss_and_stay_with_their_blobs(tmp_path):
    store = Store(tmp_path, durable=False)
    put(store, 1)
    leaf = store.blobs.put_array(np.arange(3000))
    record = {"format": FORMAT + 1, "key": key(9), "result": {"pieces": [f"at {leaf['blob']}"]}}
    write_record(store.action_path(key(9)), record, store.blobs.temporary, False)
    for _ in range(2):
        assert store.action(key(9)) is None and there(store) == [1]
        assert store.verify() == []
        store.gc()
    store.gc(0)
    assert there(store) == [] and store.action_path(key(9)).exists()
    assert store.blobs.present(leaf["blob"], ".npy", leaf["size"])


def test_what_stays_for_another_version_counts_towards_the_limit(tmp_path):
    store = Store(tmp_path, durable=False)
    put(store, 0, 50_000)
    leaf = store.blobs.put_array(np.arange(30_000))
    record = {"format": FORMAT + 1, "blob": leaf["blob"]}
    write_record(store.action_path(key(9)), record, store.blobs.temporary, False)
    for i in range(1, 4):
        put(store, i, 50_000)
    store.gc(350_000)
    assert len(there(store)) == 2 and collect.usage(store) < 350_000


def test_versions_do_not_read_each_others_memos(tmp_path, monkeypatch):
    store = Store(tmp_path, durable=False)
    store.remember("code", "subject", {"mine": 1})
    monkeypatch.setattr("talkgraph.cache.keys._TREE", "talkgraph 2025 tree, another format")
    assert store.memo("code", "subject") is None
    store.remember("code", "subject", {"theirs": 1})
    monkeypatch.undo()
    assert store.memo("code", "subject") == {"mine": 1}


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("3 kB", 3 << 10), ("500M", 500 << 20), ("1.5 GiB", 3 << 29),
     (" 2t ", 2 << 40)],
)  # fmt: skip
def test_sizes_are_powers_of_1024(text, size):
    assert collect.bytes_of(text) == size
