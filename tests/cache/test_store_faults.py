"""Whatever fails or is killed: the old state or the new one, a clear error, nothing wrong."""

import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from talkgraph.cache import File, Frames, Store, collect, disk
from talkgraph.cache.records import write_record
from talkgraph.errors import DamagedError, StoreError
from tests.torture import seams

KEY = "ab" * 32


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store ü", durable=True)


def pictures():
    return np.random.default_rng(0).integers(0, 255, (70, 4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize("number", seams.ERRNOS)
def test_a_failed_put_leaves_no_unfinished_file(store, number):
    store.prepare()
    value = [np.arange(1000.0), Frames.from_array(pictures())]
    for at in range(1, 100):
        seam = seams.Failing(at, number, ever=False)
        with contextlib.suppress(StoreError), seams.using(seam):
            store.put(KEY, value, facts=dict)
        store.forget(KEY)
        assert not list(store.blobs.temporary.iterdir()), f"operation {at}"
        if seam.count < at:
            assert at > 20
            return
        store.gc(0)  # or the blobs would be there already
    pytest.fail("there is no end of operations")


def test_the_remedy_fits_the_fault(store, monkeypatch):
    def failing(number):
        def operation(*args, **kwargs):
            raise OSError(number, os.strerror(number))

        return operation

    store.prepare()
    for number, remedy in (
        (errno.ENOSPC, "lower the store's limit"),
        (errno.EROFS, "another folder"),
    ):
        monkeypatch.setattr(os, "replace", failing(number))
        with pytest.raises(StoreError, match=remedy):
            store.put(KEY, 1, facts=dict)


def test_every_byte_of_a_record_counts(store):
    store.put(KEY, {"a": 1.5, "b": "text"}, facts=lambda: {"notes": ["n"]})
    path = store.action_path(KEY)
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in (1, 128):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            with pytest.raises(DamagedError):
                store.action(KEY)
            assert not path.exists()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(DamagedError):
            store.action(KEY)
    path.write_bytes(whole)
    other = store.action_path("cd" * 32)
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(whole)
    with pytest.raises(DamagedError, match="another key"):
        store.action("cd" * 32)
    assert store.action(KEY) is not None


def test_a_record_that_is_no_record_is_a_typed_error(store):
    from talkgraph.cache.keys import digest_bytes

    store.prepare()
    path = store.action_path(KEY)
    path.parent.mkdir(parents=True)
    for body in (b"[]", b"{}", b'{"key": 1}', b"[" * 100_000, b"\xff", b'{"a": NaN'):
        check = digest_bytes(body).encode()
        path.write_bytes(b'{"check": "' + check + b'", "record": ' + body + b"}\n")
        with pytest.raises(DamagedError):
            store.action(KEY)


def test_a_record_that_lacks_what_it_needs_is_named(store):
    for changes, words in (
        ({"seconds": "1"}, "its times are none"),
        ({"seconds": 10**400}, "its times are none"),
        ({"created": -1e11}, "its times are none"),
        ({"created": 1e300}, "its times are none"),
        ({"notes": "a note"}, "it lacks what every record has"),
        ({"digest": "0" * 64}, "its digest does not match"),
        ({"key": "cd" * 32}, "it belongs to another key"),
    ):
        record = store.put(KEY, 1, facts=dict)
        path = store.action_path(KEY)
        write_record(path, {**record, **changes}, store.blobs.temporary, False)
        with pytest.raises(DamagedError) as caught:
            store.action(KEY)
        assert str(caught.value) == f"stored record {path} is damaged ({words})"


def test_a_disk_that_takes_nothing_does_not_hang_a_put(store, monkeypatch):
    store.prepare()
    monkeypatch.setattr(disk.operations, "write", lambda handle, data: 0)
    with pytest.raises(StoreError, match="nothing can be written; check the disk"):
        store.put(KEY, np.arange(1000), facts=dict)


def test_a_file_in_the_place_of_a_folder_of_the_store_is_said(tmp_path):
    (tmp_path / "blobs").touch()
    with pytest.raises(StoreError, match="File exists; give another folder as store"):
        Store(tmp_path).prepare()


def test_power_is_kept_in_order(store, monkeypatch):
    """The blob's content is synced before its name, and both before the action names it."""
    said = []
    real_sync, real_replace = os.fsync, os.replace

    def fsync(handle):
        said.append(("sync", os.readlink(f"/proc/self/fd/{handle}")))
        real_sync(handle)

    def replace(one, two):
        said.append(("rename", str(one), str(two)))
        real_replace(one, two)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    store.put(KEY, np.arange(5000), facts=dict)
    blob = next(i for i, s in enumerate(said) if s[0] == "rename" and "blobs" in s[2])
    action = next(i for i, s in enumerate(said) if s[0] == "rename" and "actions" in s[2])
    assert ("sync", said[blob][1]) in said[:blob]
    assert ("sync", os.path.dirname(said[blob][2])) in said[blob:action]
    assert ("sync", said[action][1]) in said[:action]
    assert ("sync", os.path.dirname(said[action][2])) in said[action:]


PUTTER = """
import sys
import numpy as np
from talkgraph.cache import Frames, Store
store = Store(sys.argv[1], durable=False)
print("ready", flush=True)
i = 0
while True:
    rng = np.random.default_rng(i)
    store.put(f"{i:064x}", {"a": rng.normal(size=3000), "f": Frames.from_array(
        rng.integers(0, 255, (40, 8, 8, 3), dtype=np.uint8))}, facts=dict)
    print(i, flush=True)
    i += 1
"""


def test_kill_anywhere_in_a_put(tmp_path):
    """kill -9 at random moments: every action that is there is whole."""
    folder = tmp_path / "store"
    chance = random.Random(1)
    for attempt in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", PUTTER, str(folder)], stdout=subprocess.PIPE
        ) as process:
            for _ in range(1 + attempt % 2):  # ready; and half of the time, one is stored
                process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.12))
            process.send_signal(signal.SIGKILL)
        store = Store(folder)
        assert store.verify() == []
        for entry in (kept := store.ls()):
            found = store.load(store.action(entry.key)["output"])
            rng = np.random.default_rng(int(entry.key, 16))
            np.testing.assert_array_equal(found["a"], rng.normal(size=3000))
    assert kept


STREAMER = """
import os, signal, sys
import numpy as np
from talkgraph.cache import Frames, Store
folder, limit = sys.argv[1], int(sys.argv[2])
asked = []
def read(start, stop):
    asked.append(start)
    if len(asked) > limit:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.stack([np.full((4, 4, 3), i % 251, np.uint8) for i in range(start, stop)])
frames = Frames.from_function(32 * 10, (4, 4, 3), read)
twice = {"one": frames, "two": Frames.from_function(40, (4, 4, 3), lambda a, b: 255 - frames[a:b])}
Store(folder, durable=False).put("ab" * 32, twice, facts=dict)
print(asked)
"""


def test_a_killed_stream_resumes_at_the_first_missing_chunk(tmp_path):
    def go(limit):
        command = [sys.executable, "-c", STREAMER, str(tmp_path / "store"), str(limit)]
        return subprocess.run(command, capture_output=True, text=True)

    assert go(4).returncode == -signal.SIGKILL
    log = next((tmp_path / "store" / "partial").rglob("0-*"))
    with log.open("a") as file:  # a line half written, a garbled one, one of a lost blob
        file.write("7 " + "0" * 64 + " x\n4 123")
    assert go(3).returncode == -signal.SIGKILL
    done = go(100)
    assert json.loads(done.stdout) == [*range(32 * 7, 320, 32), 0, 32], done.stderr
    store = Store(tmp_path / "store")
    found = store.load(store.action(KEY)["output"])
    for i in range(320):
        assert (found["one"][i] == i % 251).all()
    assert (found["two"][39] == 255 - 39).all()
    assert not list((store.path / "partial").iterdir())


def test_a_garbled_log_of_a_stream_mixes_up_no_chunks(store):
    def stop(done, total):
        if done == 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, Frames.from_array(pictures()), facts=dict, on_chunk=stop)
    (log,) = [path for path in (store.path / "partial").rglob("*") if path.is_file()]
    lines = [line.split() for line in log.read_text().splitlines() if line]
    (n, one, check), (m, two, other) = lines
    log.write_text(f"\n{n} {two} {check}\n\n{m} {one} {other}\n")
    record = store.put(KEY, Frames.from_array(pictures()), facts=dict)
    np.testing.assert_array_equal(store.load(record["output"]).array(), pictures())


def test_a_stream_goes_on_when_another_process_finishes_the_same_result(store):
    def other_is_done(done, total):
        if done == 32:
            other = Store(store.path, durable=False)
            other.put(KEY, Frames.from_array(pictures()), facts=dict)

    record = store.put(KEY, Frames.from_array(pictures()), facts=dict, on_chunk=other_is_done)
    np.testing.assert_array_equal(store.load(record["output"]).array(), pictures())


class ReadOnly(disk.Operations):
    """Refuses every change, as a read-only file system or somebody else's folder does."""

    def __init__(self, number):
        def refuse(*args):
            raise OSError(number, os.strerror(number))

        for name in seams.MUTATIONS:
            if name not in ("sync", "sync_path", "close"):
                setattr(self, name, refuse)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_store_that_cannot_be_written_still_serves(tmp_path, monkeypatch, number):
    source = tmp_path / "source ü.txt"
    source.write_text("text")
    expected = {
        "small": np.arange(10), "array": np.arange(1000), "large": np.arange(1 << 18),
        "frames": Frames.from_array(pictures()), "file": File(source),
    }  # fmt: skip
    store = Store(tmp_path / "a störe")
    store.put(KEY, expected, facts=dict)
    monkeypatch.setattr(disk, "operations", ReadOnly(number))
    for _ in range(2):
        reader = Store(store.path)
        with reader.in_use() as pin:
            pin(KEY)
            record = reader.action(KEY)
            reader.touch(KEY)
            assert reader.complete(record) and reader.memo("code", "none") is None
            found = reader.load(record["output"])
            reader.remember("code", "none", {"a": 1})
            assert reader.content(source)[0] == reader.content(source)[0]
        for name in ("small", "array", "large"):
            np.testing.assert_array_equal(found[name], expected[name])
        np.testing.assert_array_equal(found["frames"].array(), pictures())
        assert found["file"].path.read_text() == "text"
        with reader.claim("cd" * 32, lambda: False) as lease:
            assert lease is not None
        assert [entry.key for entry in reader.ls()] == [KEY] and collect.usage(reader) > 1 << 20
    for write in (lambda store: store.put("cd" * 32, 1, facts=dict), Store.gc, Store.prepare):
        with pytest.raises(StoreError, match="cannot be written; give another folder as store"):
            write(Store(store.path))


def test_where_the_store_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "named"))
    assert Store().path == tmp_path / "named"
    monkeypatch.delenv("TALKGRAPH_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Store().path == tmp_path / "cache" / "talkgraph"
    assert not (tmp_path / "cache").exists()


def test_scratch_folders_of_dead_processes_are_swept(store):
    with store.scratch() as mine:
        old = mine.with_name("999999999-dead")
        (old / "inner").mkdir(parents=True)
        links = [mine.with_name(f"99999999{i}-link") for i in range(3)]
        for link in links:
            link.symlink_to("nowhere")
        for path in (old, *links):
            os.utime(path, (0, 0), follow_symlinks=False)
        Store(store.path).prepare()
        assert mine.exists() and list(mine.parent.iterdir()) == [mine]
    assert not mine.exists()
