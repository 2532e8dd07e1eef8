"""Export and import: exact and deterministic, and of strangers' archives nothing but sound ones."""

import os
import signal
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

from talkgraph.cache import File, Frames, Store, archive, disk
from talkgraph.errors import InputError, StoreError
from tests.cache import hostile_archives
from tests.cache.hostile_archives import entry, zipped
from tests.torture import workshop

KEY = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "in" / "store", durable=False)


@pytest.fixture
def away(tmp_path):
    """Another store, with a result of its own."""
    other = Store(tmp_path / "out" / "store", durable=False)
    other.put("ef" * 32, "mine", facts=dict)
    return other


def fill(store, tmp_path):
    (tmp_path / "made.txt").write_text("text")
    value = {"one": File(tmp_path / "made.txt"), "two": np.arange(2000.0)}
    store.put(KEY, value, facts=lambda: {"step": "both", "graph": "g", "notes": ["ü"]})
    frames = Frames.from_array(np.zeros((70, 8, 8, 3), np.uint8))
    store.put(OTHER, (frames, np.arange(2000.0), 0.5), facts=lambda: {"step": "film"})


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def kept(store):
    return {n: data for n, data in files(store.path).items() if n.startswith(("act", "blo", "tmp"))}


def test_a_graph_moves_to_another_store(store, away, tmp_path):
    right = workshop.spell(workshop.run(store).output)
    moved = archive.export(store, tmp_path / "all.zip")
    assert moved.results == 6 and moved.blobs >= 5
    assert moved.bytes == (tmp_path / "all.zip").stat().st_size
    got = archive.import_(away, tmp_path / "all.zip")
    assert (got.results, got.blobs, got.known) == (6, moved.blobs, 0)
    again = workshop.run(away)
    assert all(record.cached for record in again.records.values())
    assert workshop.spell(again.output) == right
    assert away.verify() == [] and away.load(away.action("ef" * 32)["output"]) == "mine"
    assert archive.import_(away, tmp_path / "all.zip").known == 6


def test_chosen_results_by_key_and_step(store, away, tmp_path):
    fill(store, tmp_path)
    assert archive.export(store, tmp_path / "x.zip", KEY[:8]).results == 1
    assert archive.export(store, tmp_path / "x.zip", "film", "g:both", KEY).results == 2
    assert archive.export(store, tmp_path / "x.zip", "both").results == 1
    archive.import_(away, tmp_path / "x.zip")
    assert away.action(OTHER) is None
    found = away.load(away.action(KEY)["output"])
    assert found["one"].path.read_text() == "text" and found["two"][7] == 7
    assert away.action(KEY) == store.action(KEY)
    with pytest.raises(StoreError, match="no result 'nosuch'"):
        archive.export(store, tmp_path / "x.zip", "nosuch")


def test_an_archive_is_a_plain_zip_and_always_the_same(store, away, tmp_path):
    fill(store, tmp_path)
    archive.export(store, tmp_path / "one.zip")
    archive.import_(away, tmp_path / "one.zip")
    archive.export(away, tmp_path / "two.zip", KEY, OTHER)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as plain:
        names = plain.namelist()
        assert plain.testzip() is None
        assert {member.compress_type for member in plain.infolist()} == {zipfile.ZIP_STORED}
    assert names == sorted(names, reverse=True) and names[-1].startswith("actions/")


def test_an_empty_store(store, away, tmp_path):
    store.prepare()
    assert archive.export(store, tmp_path / "x.zip").results == 0
    assert archive.import_(away, tmp_path / "x.zip").results == 0


def test_export_is_whole_or_not_at_all(store, tmp_path, monkeypatch):
    fill(store, tmp_path)
    target = tmp_path / "x.zip"
    target.write_text("before")
    real, count = disk.operations.write, 0

    def full(handle, data):
        nonlocal count
        count += 1
        if count == 5:
            raise OSError(28, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr(disk.operations, "write", full)
    with pytest.raises(StoreError, match=r"x\.zip cannot be written: No space"):
        archive.export(store, target)
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "made.txt", "x.zip"]
    with pytest.raises(StoreError, match="cannot be written"):
        archive.export(store, tmp_path / "nosuch" / "x.zip")


def test_a_damaged_result_is_not_exported(store, tmp_path):
    fill(store, tmp_path)
    for path in (store.path / "blobs").rglob("*.txt"):
        path.chmod(0o644)
        path.write_text("tixt")
    with pytest.raises(StoreError, match="verify the store"):
        archive.export(store, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The members of a sound archive: two blobs and a record."""
    folder = tmp_path_factory.mktemp("sound")
    store = Store(folder / "store", durable=False)
    store.put(KEY, [np.arange(3000.0), np.arange(2000)], facts=lambda: {"step": "s"})
    archive.export(store, folder / "x.zip")
    with zipfile.ZipFile(folder / "x.zip") as plain:
        members = [(name, plain.read(name)) for name in plain.namelist()]
    assert len(members) == 3
    return members


CLASSES = list(
    hostile_archives.classes(*[("blobs/" + "0" * 64, b"x")] * 2, (f"actions/{KEY}", b""))
)
MOST = 24 << 20  # bytes of memory that an import may take


@pytest.mark.parametrize("kind", CLASSES)
def test_a_hostile_archive_leaves_no_trace(kind, sound, away, tmp_path):
    path = tmp_path / "hostile.zip"
    cases = hostile_archives.classes(*sound)[kind]
    for number, data in enumerate(cases):
        path.write_bytes(data)
        del data
        before = files(tmp_path)
        tracemalloc.start()
        try:
            with pytest.raises(InputError) as caught:
                print(kind, number, archive.import_(away, path))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        text = str(caught.value)
        assert text.startswith(f"{path}: ") and text.endswith("nothing was imported")
        assert "\n" not in text and len(text) < 300 + len(str(path)), text
        assert peak < MOST, (kind, number, peak)
        assert files(tmp_path) == before, (kind, number)
        assert not any(p.is_symlink() for p in tmp_path.rglob("*"))


def test_the_sound_one_is_taken_in(sound, away, tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(*(entry(*member) for member in sound)))
    assert archive.import_(away, tmp_path / "x.zip").results == 1
    found = away.load(away.action(KEY)["output"])
    assert found[0][299] == 299


def test_there_are_many_hostile_archives(sound):
    kinds = hostile_archives.classes(*sound)
    counts = {kind: sum(1 for _ in cases) for kind, cases in kinds.items()}
    assert len(counts) >= 20 and sum(counts.values()) >= 200


def test_what_is_no_file_is_refused(away, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for name, why in (("fifo", "not a regular"), ("out", "not a regular"), ("nosuch", "No such")):
        with pytest.raises(InputError, match=why):
            archive.import_(away, tmp_path / name)
    with pytest.raises(InputError, match="not a regular"):
        archive.import_(away, "/dev/zero")


IMPORTER = """
import os, signal, sys
from talkgraph.cache import Store, archive, disk
class Mortal(disk.Operations):
    left = int(sys.argv[3])
    def __getattribute__(self, name):
        if name != "left" and not name.startswith("__"):
            Mortal.left -= 1
            if Mortal.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().__getattribute__(name)
disk.operations = Mortal()
archive.import_(Store(sys.argv[1]), sys.argv[2])
"""


def test_an_interrupted_import_leaves_the_store_whole(store, tmp_path):
    """SIGKILL at file operations from the first to the last."""
    fill(store, tmp_path)
    archive.export(store, tmp_path / "x.zip")
    killed = 0
    for last in range(5, 1000, 12):
        folder = tmp_path / f"store {last}"
        command = [sys.executable, "-c", IMPORTER, str(folder), str(tmp_path / "x.zip"), str(last)]
        ended = subprocess.run(command, capture_output=True)
        found = Store(folder)
        assert found.verify() == []
        for key in (KEY, OTHER):
            record = found.action(key)
            assert record is None or found.load(record["output"])
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        killed += 1
    assert killed >= 3 and found.action(KEY) and found.action(OTHER)


def test_gc_beside_an_import_takes_nothing_of_it(store, away, tmp_path, monkeypatch):
    fill(store, tmp_path)
    archive.export(store, tmp_path / "x.zip")
    real = disk.publish

    def publish(temp, target, durable):
        Store(away.path, durable=False).gc(0)
        real(temp, target, durable)
        Store(away.path, durable=False).gc(0)

    monkeypatch.setattr(disk, "publish", publish)
    with away.in_use():
        assert archive.import_(away, tmp_path / "x.zip").results == 2
        assert away.complete(away.action(KEY)) and away.complete(away.action(OTHER))


def test_import_into_a_store_with_a_remote_uploads(store, tmp_path):
    fill(store, tmp_path)
    archive.export(store, tmp_path / "x.zip")
    near = Store(tmp_path / "a", remote=f"file://{tmp_path}/far")
    archive.import_(near, tmp_path / "x.zip")
    got = Store(tmp_path / "b", remote=f"file://{tmp_path}/far")
    assert got.load(got.action(OTHER)["output"])[2] == 0.5


def test_what_lies_around_the_members_does_not_matter(sound, away, tmp_path):
    whole = zipped(*(entry(*member) for member in sound))
    (tmp_path / "x.zip").write_bytes(b"#!/bin/sh\n" + whole)
    assert archive.import_(away, tmp_path / "x.zip").results == 1
    assert away.verify() == [] and away.load(away.action(KEY)["output"])[0][299] == 299


def test_members_beyond_4_gib_are_spelled_so(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    (tmp_path / "large").write_bytes(bytes(5000))
    members = {"blobs/x": tmp_path / "large"}
    (tmp_path / "x.zip").write_bytes(b"".join(archive._archive(members)))
    with zipfile.ZipFile(tmp_path / "x.zip") as plain:
        assert plain.read("blobs/x") == bytes(5000)
