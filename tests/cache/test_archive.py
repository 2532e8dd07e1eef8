"""Export and import: exact and deterministic, and of strangers' archives nothing but sound ones."""

import io
import os
import signal
import subprocess
import sys
import tarfile
import tracemalloc

import numpy as np
import pytest

from talkgraph.cache import File, Frames, Store, archive, disk
from talkgraph.errors import InputError, StoreError
from tests.cache import hostile_archives
from tests.cache.hostile_archives import entry, tar
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
    moved = store.export(tmp_path / "all.tar")
    assert moved.results == 6 and moved.blobs >= 5
    assert moved.bytes == (tmp_path / "all.tar").stat().st_size
    got = away.import_(tmp_path / "all.tar")
    assert (got.results, got.blobs, got.known) == (6, moved.blobs, 0)
    again = workshop.run(away)
    assert all(record.cached for record in again.records.values())
    assert workshop.spell(again.output) == right
    assert away.verify() == [] and away.load(away.action("ef" * 32)["output"]) == "mine"
    assert away.import_(tmp_path / "all.tar").known == 6


def test_chosen_results_by_key_and_step(store, away, tmp_path):
    fill(store, tmp_path)
    assert store.export(tmp_path / "x.tar", KEY[:8]).results == 1
    assert store.export(tmp_path / "x.tar", "film", "g:both", KEY).results == 2
    assert store.export(tmp_path / "x.tar", "both").results == 1
    away.import_(tmp_path / "x.tar")
    assert away.action(OTHER) is None
    found = away.load(away.action(KEY)["output"])
    assert found["one"].path.read_text() == "text" and found["two"][7] == 7
    assert away.action(KEY) == store.action(KEY)
    with pytest.raises(StoreError, match="no result 'nosuch'"):
        store.export(tmp_path / "x.tar", "nosuch")


def test_an_archive_is_a_plain_tar_and_always_the_same(store, away, tmp_path):
    fill(store, tmp_path)
    store.export(tmp_path / "one.tar")
    away.import_(tmp_path / "one.tar")
    away.export(tmp_path / "two.tar", KEY, OTHER)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar", "r:") as plain:
        names = plain.getnames()
        assert all(member.isreg() for member in plain.getmembers())
    assert names == sorted(names, reverse=True) and names[-1].startswith("actions/")


def test_an_empty_store(store, away, tmp_path):
    store.prepare()
    assert store.export(tmp_path / "x.tar").results == 0
    assert away.import_(tmp_path / "x.tar").results == 0


def test_export_is_whole_or_not_at_all(store, tmp_path, monkeypatch):
    fill(store, tmp_path)
    target = tmp_path / "x.tar"
    target.write_text("before")
    real, count = disk.operations.write, 0

    def full(handle, data):
        nonlocal count
        count += 1
        if count == 5:
            raise OSError(28, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr(disk.operations, "write", full)
    with pytest.raises(StoreError, match=r"x\.tar cannot be written: No space"):
        store.export(target)
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "made.txt", "x.tar"]
    with pytest.raises(StoreError, match="cannot be written"):
        store.export(tmp_path / "nosuch" / "x.tar")


def test_a_damaged_result_is_not_exported(store, tmp_path):
    fill(store, tmp_path)
    for path in (store.path / "blobs").rglob("*.txt"):
        path.chmod(0o644)
        path.write_text("tixt")
    with pytest.raises(StoreError, match="cache verify"):
        store.export(tmp_path / "x.tar")
    assert not (tmp_path / "x.tar").exists()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The members of a sound archive: two blobs and a record."""
    folder = tmp_path_factory.mktemp("sound")
    store = Store(folder / "store", durable=False)
    store.put(KEY, [np.arange(3000.0), np.arange(2000)], facts=lambda: {"step": "s"})
    store.export(folder / "x.tar")
    with tarfile.open(folder / "x.tar") as plain:
        members = [(m.name, plain.extractfile(m).read()) for m in plain.getmembers()]
    assert len(members) == 3
    return members


CLASSES = list(
    hostile_archives.classes(*[("blobs/" + "0" * 64, b"x")] * 2, (f"actions/{KEY}", b""))
)
MOST = 24 << 20  # bytes of memory that an import may take


@pytest.mark.parametrize("kind", CLASSES)
def test_a_hostile_archive_leaves_no_trace(kind, sound, away, tmp_path):
    path = tmp_path / "hostile.tar"
    cases = hostile_archives.classes(*sound)[kind]
    for number, data in enumerate(cases):
        path.write_bytes(data)
        del data
        before = files(tmp_path)
        tracemalloc.start()
        try:
            with pytest.raises(InputError) as caught:
                print(kind, number, away.import_(path))
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
    (tmp_path / "x.tar").write_bytes(tar(*(entry(*member) for member in sound)))
    assert away.import_(tmp_path / "x.tar").results == 1
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
            away.import_(tmp_path / name)
    with pytest.raises(InputError, match="not a regular"):
        away.import_("/dev/zero")


IMPORTER = """
import os, signal, sys
from talkgraph.cache import Store, disk
class Mortal(disk.Operations):
    left = int(sys.argv[3])
    def __getattribute__(self, name):
        if name != "left" and not name.startswith("__"):
            Mortal.left -= 1
            if Mortal.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().__getattribute__(name)
disk.operations = Mortal()
Store(sys.argv[1]).import_(sys.argv[2])
"""


def test_an_interrupted_import_leaves_the_store_whole(store, tmp_path):
    """SIGKILL at file operations from the first to the last."""
    fill(store, tmp_path)
    store.export(tmp_path / "x.tar")
    killed = 0
    for last in range(5, 1000, 12):
        folder = tmp_path / f"store {last}"
        command = [sys.executable, "-c", IMPORTER, str(folder), str(tmp_path / "x.tar"), str(last)]
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
    store.export(tmp_path / "x.tar")
    real = disk.publish

    def publish(temp, target, durable):
        Store(away.path, durable=False).gc(0)
        real(temp, target, durable)
        Store(away.path, durable=False).gc(0)

    monkeypatch.setattr(disk, "publish", publish)
    with away.in_use():
        assert away.import_(tmp_path / "x.tar").results == 2
        assert away.complete(away.action(KEY)) and away.complete(away.action(OTHER))


def test_import_into_a_store_with_a_remote_uploads(store, tmp_path):
    fill(store, tmp_path)
    store.export(tmp_path / "x.tar")
    Store(tmp_path / "a", remote=f"file://{tmp_path}/far").import_(tmp_path / "x.tar")
    got = Store(tmp_path / "b", remote=f"file://{tmp_path}/far")
    assert got.load(got.action(OTHER)["output"])[2] == 0.5


def test_the_header_is_the_one_that_tar_knows():
    for size in (0, 5, (1 << 33) - 1, 1 << 33, 1 << 50):
        name = "blobs/" + "a" * 64 + ".npy"
        assert archive._parse(archive._header(name, size)) == (name, size)


def test_a_file_that_is_cut_while_it_is_packed_is_noticed():
    with pytest.raises(InputError, match="it ends too early"):
        list(archive._pieces(io.BytesIO(b"short"), 6))
