"""What is in a store, how it came to be, what may go, and whether it is whole."""

import json
import os
import time

import numpy as np
import pytest

from talkgraph.cache import Frames, Store, collect, leases, upkeep
from talkgraph.errors import StoreError


def key(i):
    return f"{i:02x}" * 32


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store", durable=False)
    for i in range(4):
        facts = {
            "graph": "g", "step": f"s{i}", "node": "n", "version": 1, "seconds": 0.5,
            "notes": ["a note"], "parameters": {"size": ["x", "3"]},
            "inputs": {"port": ["f" * 64, "above"]},
        }  # fmt: skip
        made.put(key(i), [np.full(1000, i), np.zeros(600)], facts=lambda facts=facts: facts)
        os.utime(made.action_path(key(i)), (1000 + i, 1000 + i))
    return made


def steps(store):
    return [entry.step for entry in store.ls()]


def test_ls_names_every_result_the_last_used_first(store):
    assert steps(store) == ["s3", "s2", "s1", "s0"]
    store.touch(key(0))
    assert steps(store)[0] == "s0"
    assert store.ls()[0].size > 12000


def test_rm_removes_exactly_one_result(store):
    assert store.rm("g:s1").key == key(1)
    assert steps(store) == ["s3", "s2", "s0"]
    store.rm(key(2)[:10])
    assert steps(store) == ["s3", "s0"]
    for i in (0, 3):
        assert store.load(store.action(key(i))["output"])[1].sum() == 0
    assert len([p for p in (store.path / "blobs").rglob("*") if p.is_file()]) == 3
    with pytest.raises(StoreError, match="no result 's1'"):
        store.rm("s1")


def test_rm_of_what_another_process_removes_first(store, monkeypatch):
    from talkgraph.cache import upkeep

    real = upkeep.named

    def named(asked, what):
        found = real(asked, what)
        asked.forget(found[0].key)
        return found

    monkeypatch.setattr(upkeep, "named", named)
    assert store.rm(key(2)).key == key(2)
    assert steps(store) == ["s3", "s1", "s0"]


def test_rm_of_an_ambiguous_name_removes_nothing(store):
    facts = {"graph": "g", "step": "s0"}
    store.put(key(9), 1, facts=lambda: facts)
    with pytest.raises(StoreError, match="names 2 results"):
        store.rm("s0")
    assert len(store.ls()) == 5


def test_gc_removes_the_least_recently_used(store):
    size = collect.usage(store)
    freed = store.gc(size - 10)
    assert freed.results == 1 and steps(store) == ["s3", "s2", "s1"]
    assert collect.usage(store) <= size - 10 and freed.bytes > 0
    store.gc(0)
    assert steps(store) == []
    assert not [p for p in (store.path / "blobs").rglob("*") if p.is_file()]


def test_gc_without_a_limit_removes_only_what_no_result_needs(store):
    store.blobs.put_array(np.arange(77))
    freed = store.gc()
    assert (freed.results, freed.files) == (0, 1) and len(store.ls()) == 4


def test_gc_spares_what_a_running_process_uses(store):
    with store.in_use() as pin:
        orphan = store.blobs.put_array(np.arange(77))
        pin(key(0))
        Store(store.path).gc(0)
        assert steps(store) == ["s0"]
        assert store.blobs.present(orphan["blob"], ".npy", orphan["size"])
    store.gc(0)
    assert steps(store) == []


def test_gc_does_not_wait_for_the_dead(store):
    (store.path / "runs").mkdir(exist_ok=True)
    left = store.path / "runs" / "1-dead"
    owner = {**leases.owner(), "pid": 999999999}
    left.write_text("\n".join([json.dumps(owner), key(0), ""]))
    store.gc(0)
    assert steps(store) == [] and not left.exists()


def test_gc_spares_streams_that_can_be_resumed(store):
    def read(start, stop):
        if start >= 64:
            raise KeyboardInterrupt
        return np.full((stop - start, 4, 4, 3), start, np.uint8)

    frames = Frames.from_function(100, (4, 4, 3), read)
    with pytest.raises(KeyboardInterrupt):
        store.put(key(8), frames, facts=dict)
    store.gc(0)
    assert len([p for p in (store.path / "blobs").rglob("*") if p.is_file()]) == 2
    for path in (store.path / "partial").rglob("*"):
        os.utime(path, (0, 0))
    store.gc(0)
    assert not [p for p in (store.path / "blobs").rglob("*") if p.is_file()]


def test_verify_removes_and_names_what_is_damaged(store):
    assert store.verify() == []
    shared = next(p for p in (store.path / "blobs").rglob("*.npy") if p.stat().st_size < 5000)
    before = os.stat(shared)
    shared.chmod(0o644)
    with shared.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    os.utime(shared, ns=(before.st_atime_ns, before.st_mtime_ns))
    said = store.verify()
    assert "changed content" in said[0] and len(said) == 5
    assert store.ls() == [] and store.verify() == []


def test_how_a_result_came_to_be(store):
    for i in (20, 21):
        facts = {"graph": "g", "step": "again", "node": "m", "seconds": i, "machine": {"host": "o"}}
        store.put(key(i), i, facts=lambda facts=facts: facts)
        os.utime(store.action_path(key(i)), (9000 + i, 9000 + i))
    for name in ("again", "g:again", "m"):
        facts = upkeep.provenance(store, name)
        assert (facts["key"], facts["others"], facts["seconds"]) == (key(21), [key(20)], 21)
        assert facts["machine"] == {"host": "o"} and "output" not in facts
    assert upkeep.provenance(store, key(20))["others"] == []
    known = upkeep.provenance(store, key(2)[:8])
    assert known["parameters"] == {"size": "3"} and known["notes"] == ["a note"]
    assert known["inputs"] == {"port": {"source": "above", "digest": "f" * 64}}
    with pytest.raises(StoreError, match="no result 'zz'"):
        upkeep.provenance(store, "zz")


def test_gc_of_many_results_is_quick(tmp_path):
    store = Store(tmp_path, durable=False)
    for i in range(300):
        store.put(f"{i:064x}", i, facts=dict)
    began = time.process_time()
    store.gc(0)
    assert store.ls() == [] and time.process_time() - began < 5


@pytest.mark.parametrize("facts", [{"parameters": 3}, {"inputs": {"a": 1}}])
def test_a_record_that_is_not_one_of_ours_is_said(store, facts):
    store.put(key(9), 1, facts=lambda: facts)
    with pytest.raises(StoreError) as caught:
        upkeep.provenance(store, key(9))
    assert str(caught.value) == (
        f"the record of result {key(9)[:12]} is not one of ours; remove that result"
    )
    store.rm(key(9)[:12])
