"""A blob that is not what was written is never served."""

import os

import numpy as np
import pytest

from talkgraph.cache import File, Frames, Store
from talkgraph.cache.blobs import SMALL
from talkgraph.errors import DamagedError

KEY = "ab" * 32


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


DAMAGE = {
    "flip first": lambda path: flip(path, 0),
    "flip last": lambda path: flip(path, -1),
    "flip middle": lambda path: flip(path, path.stat().st_size // 2),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "extend": lambda path: os.truncate(path, path.stat().st_size + 1),
    "zero": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "gone": lambda path: path.unlink(),
}
THINGS = {
    "small": np.arange(1000.0),
    "large": np.arange(float(SMALL // 4)),
    "frames": Frames.from_function(
        40, (128, 128, 3), lambda a, b: np.full((b - a, 128, 128, 3), a + 1, np.uint8)
    ),
}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "sto re", durable=False)


def blobs(store):
    return sorted(path for path in (store.path / "blobs").rglob("*") if path.is_file())


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_noticed_and_healed(store, damage, thing, fresh):
    record = store.put(KEY, THINGS[thing], facts=dict)
    store.load(record["output"])
    DAMAGE[damage](blobs(store)[0])
    reader = Store(store.path) if fresh else store
    with pytest.raises(DamagedError, match=r"stored file .* (cut|grown|changed|gone)"):
        reader.load(record["output"])
    again = reader.put(KEY, THINGS[thing], facts=dict)
    assert again["digest"] == record["digest"]
    reader.load(again["output"])


def test_two_blobs_that_were_swapped_are_noticed(store):
    one = store.put(KEY, np.zeros(SMALL), facts=dict)
    two = store.put("cd" * 32, np.ones(SMALL), facts=dict)
    a, b = blobs(store)
    os.rename(a, a.with_suffix(".x"))
    os.rename(b, a)
    os.rename(a.with_suffix(".x"), b)
    for record in (one, two):
        with pytest.raises(DamagedError, match="has changed content"):
            store.load(record["output"])


def test_a_large_blob_is_hashed_once_per_stamp(tmp_path, monkeypatch):
    store = Store(tmp_path)
    record = store.put(KEY, np.zeros(SMALL), facts=dict)
    hashed = []
    from talkgraph.cache import blobs as module

    real = module.digest_file
    monkeypatch.setattr(module, "digest_file", lambda path: hashed.append(path) or real(path))
    store.load(record["output"])
    Store(store.path).load(record["output"])
    assert not hashed  # what we wrote ourselves is remembered
    os.utime(blobs(store)[0])
    other = Store(store.path)
    other.load(record["output"])
    other.load(record["output"])
    assert len(hashed) == 1


def test_garbage_in_the_memo_of_verified_blobs_does_no_harm(tmp_path):
    store = Store(tmp_path)
    record = store.put(KEY, np.zeros(SMALL), facts=dict)
    (memo,) = (store.path / "memo" / "verified").iterdir()
    for said in (3, "x", None, [1, 2], [None] * 4, {}, [[]] * 4):
        store.memos.set("verified", blobs(store)[0].name, {"stamp": said})
        assert not Store(store.path).load(record["output"]).any()
    memo.write_bytes(b"\x00\xff x\n")
    assert not Store(store.path).load(record["output"]).any()
    (blob,) = blobs(store)
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedError, match="has changed content"):
        Store(store.path).load(record["output"])


def test_stored_files_cannot_be_written_through(store, tmp_path):
    (tmp_path / "x.txt").write_text("x")
    record = store.put(KEY, File(tmp_path / "x.txt"), facts=dict)
    assert store.load(record["output"]).path.stat().st_mode & 0o222 == 0


def test_a_mapped_array_survives_the_removal_of_its_file(store):
    record = store.put(KEY, np.ones(SMALL), facts=dict)
    found = store.load(record["output"])
    store.gc(0)
    assert not blobs(store) and found.sum() == SMALL


def test_equal_content_is_stored_once(store):
    store.put(KEY, [np.ones(600), np.ones(600)], facts=dict)
    store.put("cd" * 32, np.ones(600), facts=dict)
    assert len(blobs(store)) == 1


def test_a_file_that_is_there_already_is_not_written_twice(store, tmp_path):
    (tmp_path / "one.txt").write_text("the same")
    (tmp_path / "two.txt").write_text("the same")
    store.put(KEY, File(tmp_path / "one.txt"), facts=dict)
    store.put("cd" * 32, File(tmp_path / "two.txt"), facts=dict)
    assert len(blobs(store)) == 1
    assert not list(store.blobs.temporary.iterdir())
