"""Whatever fails or is killed: the old state or the new one, a clear error, nothing wrong."""

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

from talkgraph.cache import Frames, Store
from talkgraph.errors import DamagedError, StoreError

KEY = "ab" * 32


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store ü", durable=True)


def thing():
    return {"array": np.arange(1000.0), "n": 3, "frames": Frames.from_array(pictures())}


def pictures():
    return np.random.default_rng(0).integers(0, 255, (70, 4, 4, 3), dtype=np.uint8)


OPERATIONS = ("open", "fsync", "replace", "mkdir", "chmod")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EMFILE])
@pytest.mark.parametrize("ever", [False, True], ids=["once", "for ever"])
def test_a_failing_disk_operation_leaves_nothing_partial(tmp_path, monkeypatch, number, ever):
    """Fail the Nth operation, for N = 1, 2, … until all of them succeed."""
    real = {name: getattr(os, name) for name in OPERATIONS}
    real["fsync"] = lambda handle: None  # the disk itself is not on trial, and slow
    counted = {"left": 0}

    def wrap(name):
        def operation(*args, **kwargs):
            counted["left"] -= 1
            if counted["left"] == 0 or (ever and counted["left"] < 0):
                raise OSError(number, os.strerror(number))
            return real[name](*args, **kwargs)

        return operation

    for n in range(1, 400):
        store = Store(tmp_path / str(n))
        counted["left"] = n
        for name in OPERATIONS:
            monkeypatch.setattr(os, name, wrap(name))
        try:
            store.put(KEY, thing(), facts=dict)
            failed = False
        except StoreError as error:
            failed = True
            assert "\n" not in str(error) and str(store.path) in str(error)
        finally:
            finished = counted["left"] > 0
            monkeypatch.undo()
        found = Store(store.path).action(KEY)
        if failed:
            temporary = store.path / "tmp"
            assert not temporary.exists() or not list(temporary.iterdir())
        if found is not None:
            np.testing.assert_array_equal(store.load(found["output"])["array"], np.arange(1000.0))
        Store(store.path, durable=False).put(KEY, thing(), facts=dict)
        assert Store(store.path).verify() == []
        if finished:
            assert n > 15
            return
    pytest.fail("never finished")


def test_the_remedy_fits_the_fault(store, monkeypatch):
    def failing(number):
        def operation(*args, **kwargs):
            raise OSError(number, os.strerror(number))

        return operation

    store.prepare()
    for number, remedy in ((errno.ENOSPC, "talkgraph cache gc"), (errno.EROFS, "--store")):
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
    i += 1
"""


def test_kill_anywhere_in_a_put(tmp_path):
    """kill -9 at random moments: every action that is there is whole."""
    folder = tmp_path / "store"
    chance = random.Random(1)
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", PUTTER, str(folder)], stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.12))
            process.send_signal(signal.SIGKILL)
        store = Store(folder)
        assert store.verify() == []
        for entry in store.ls():
            found = store.load(store.action(entry.key)["output"])
            rng = np.random.default_rng(int(entry.key, 16))
            np.testing.assert_array_equal(found["a"], rng.normal(size=3000))


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


def test_a_store_that_cannot_be_written_still_serves(store, monkeypatch):
    store.put(KEY, np.arange(1 << 18), facts=dict)

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    reader = Store(store.path)
    for name in ("replace", "mkdir", "unlink", "utime", "chmod"):
        monkeypatch.setattr(os, name, refuse)
    real_open = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda path, flags, *a: refuse() if flags & os.O_CREAT else real_open(path, flags),
    )
    found = reader.action(KEY)
    reader.touch(KEY)
    with reader.in_use() as pin:
        pin(KEY)
    assert reader.load(found["output"])[5] == 5
    with pytest.raises(StoreError, match="cannot be written"):
        reader.put("cd" * 32, 1, facts=dict)


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
        os.utime(old, (0, 0))
        Store(store.path).prepare()
        assert not old.exists() and mine.exists()
    assert not mine.exists()
