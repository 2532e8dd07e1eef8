"""A store at a URL: read through, written behind, believed in nothing but digests."""

import errno
import json
import logging
import os
import pickle
import re
import socketserver
import sys
import threading
import time
from html import escape

import numpy as np
import pytest

from talkgraph.cache import File, Frames, Store, collect, object_store, remote
from talkgraph.cache.keys import FORMAT, digest_bytes, digest_tree
from talkgraph.engine import Note, executor
from talkgraph.engine.history import run_records
from talkgraph.errors import DamagedError, NodeError, StoreError
from talkgraph.report import report_html
from tests.torture import workshop
from tests.torture.s3 import BUCKET, FaultyS3, relay

KEY = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture(scope="module")
def server():
    with FaultyS3() as running:
        yield running


@pytest.fixture
def s3(server, monkeypatch, request):
    """URL of an empty place on a real S3 server."""
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, "s3", server.settings)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    server.begin()
    return f"s3://{BUCKET}/" + re.sub("[^a-z0-9]", "-", request.node.name)


@pytest.fixture
def at(tmp_path):
    """A store of a machine, with its own folder, as a new process opens it."""

    def opened(machine, url):
        return Store(tmp_path / machine, remote=url, durable=False)

    return opened


def thing(tmp_path):
    (tmp_path / "made.txt").write_text("text")
    pictures = np.random.default_rng(0).integers(0, 255, (40, 4, 4, 3), dtype=np.uint8)
    return {
        "array": np.arange(200_000.0),
        "frames": Frames.from_array(pictures),
        "file": File(tmp_path / "made.txt"),
    }


def notes(store):
    """What the last run said of itself."""
    return run_records.find(store).notes


def put(store, tmp_path, key=KEY):
    with store.in_use():
        return store.put(key, thing(tmp_path), facts=lambda: {"step": "s"})


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("kind", ["s3", "memory", "file"])
def test_what_one_machine_puts_another_gets(request, tmp_path, at, kind):
    url = {
        "s3": lambda: request.getfixturevalue("s3"),
        "memory": lambda: f"memory://{tmp_path}",
        "file": lambda: f"file://{tmp_path}/far away ü",
    }[kind]()
    assert at("a", url).action(KEY) is None
    put(at("a", url), tmp_path)
    store = at("b", url)
    record = store.action(KEY)
    assert record is not None and record["step"] == "s"
    assert not (store.path / "blobs").exists() or not any((store.path / "blobs").iterdir())
    assert store.complete(record)  # without a download
    found = store.load(record["output"])
    np.testing.assert_array_equal(found["array"], np.arange(200_000.0))
    np.testing.assert_array_equal(found["frames"].array(), thing(tmp_path)["frames"].array())
    assert found["file"].path.read_text() == "text"
    assert found["file"].path.is_relative_to(store.path)
    alone = Store(store.path)  # what is here needs no network
    assert alone.complete(alone.action(KEY)) and alone.verify() == []


def test_a_graph_runs_on_one_machine_and_nothing_of_it_on_another(s3, at):
    made = workshop.run(at("a", s3))
    got = workshop.run(at("b", s3))
    assert not any(step.cached for step in made.records.values())
    assert all(step.cached for step in got.records.values())
    assert workshop.spell(got.output) == workshop.spell(made.output)


def test_only_what_is_read_is_downloaded(s3, server, at):
    workshop.run(at("a", s3))
    server.begin()
    workshop.run(at("b", s3))
    assert not [line for line in server.log if "GET" in line and "/blobs/" in line]


DAMAGE = {
    "gone": lambda data: None,
    "cut": lambda data: data[:-1],
    "longer": lambda data: data + b"x",
    "one bit": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("part", ["blobs", "actions"])
def test_what_is_damaged_there_is_made_again_and_mended(s3, server, at, part, damage):
    right = workshop.spell(workshop.run(at("a", s3)).output)
    for name, data in server.objects(s3.partition(f"{BUCKET}/")[2] + f"/{part}").items():
        changed = DAMAGE[damage](data)
        if changed is None:
            server.remove(name)
        else:
            server.put(name, changed)
    assert workshop.spell(workshop.run(at("b", s3), force=["sum"]).output) == right
    assert workshop.spell(workshop.run(at("b", s3), force=["sum"]).output) == right
    mended = workshop.run(at("c", s3), force=["sum"])
    ran = [name for name, step in mended.records.items() if not step.cached]
    assert ran == ["sum"] and workshop.spell(mended.output) == right


def test_a_network_that_is_gone_costs_one_warning_and_nothing_is_lost(s3, server, at, caplog):
    import fsspec

    dead = {**server.settings, "endpoint_url": "http://127.0.0.1:9"}
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setitem(fsspec.config.conf, "s3", dead)
        heard = []
        made = workshop.run(at("a", s3), on_event=heard.append)
    assert not [r for r in caplog.records if r.name.startswith("talkgraph")]
    (said,) = notes(at("a", s3))
    assert said.startswith(f"store {s3} cannot be reached (") and "\n" not in said
    assert '127.0.0.1:9")' in said  # what did not answer, and not which object of it
    assert [event.text for event in heard if isinstance(event, Note) and not event.step] == [said]
    assert escape(said.split(",")[0]) in report_html(made)
    assert made.output == workshop.run(at("a", s3), until="sum").output  # and takes up the uploads
    assert notes(at("a", s3)) == ()
    assert all(step.cached for step in workshop.run(at("b", s3)).records.values())


@pytest.mark.parametrize("name", ["joblib", "dask"])
def test_workers_share_the_patience_for_a_network_that_is_gone(
    s3, server, at, name, capfd, monkeypatch
):
    import fsspec

    pytest.importorskip("distributed")
    for variable, text in server.environment.items():
        monkeypatch.setenv(variable, text)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delitem(fsspec.config.conf, "s3")
    workshop.run(at("a", s3), executor=executor(name, workers=1))
    assert len(notes(at("a", s3))) == 1
    assert "cannot be reached" not in capfd.readouterr().err


def test_a_remote_that_may_only_be_read_serves_hits_and_says_so(s3, server, at):
    from tests.torture.s3_faults import FAULTS

    right = workshop.run(at("a", s3), until="film").records
    before = server.objects()
    server.begin(lambda e: (FAULTS["403"] if e.method == "PUT" else relay)(e), ever=True)
    for _ in range(2):  # each run says it
        found = workshop.run(at("b", s3), force=["sum"])
        assert [name for name in right if not found.records[name].cached] == []
        (said,) = notes(at("b", s3))
        assert f"store {s3} may be read but not written (" in said and "\n" not in said
    server.begin()
    assert server.objects() == before


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "may be read but not written"),
        (errno.EROFS, "may be read but not written"),
        (errno.ENOSPC, "cannot be reached"),
    ],
)
def test_a_folder_elsewhere_that_may_not_be_written_or_is_full(
    tmp_path, at, monkeypatch, code, words
):
    from fsspec.implementations.local import LocalFileSystem

    def fail(self, source, target, **options):
        raise OSError(code, os.strerror(code), target)

    monkeypatch.setattr(LocalFileSystem, "put_file", fail)
    url = f"file://{tmp_path}/a, far"  # its path begins as that of the near tier
    workshop.run(at("a", url))
    (said,) = notes(at("a", url))
    assert words in said and os.strerror(code) in said


def test_what_is_made_again_by_force_takes_the_place_of_what_is_there(s3, at, monkeypatch):
    workshop.run(at("a", s3))
    key = workshop.run(at("b", s3)).records["sum"].key
    store = at("b", s3)
    with store.in_use():  # as a node does whose result is another each time
        store.put(key, 1.5, facts=dict, replace=True)
    assert at("b", s3).load(at("c", s3).action(key)["output"]) == 1.5


def test_a_server_that_says_nothing_is_soon_given_up(s3, server, at, monkeypatch):
    monkeypatch.setattr(object_store, "PATIENCE", 0.5)
    server.begin(lambda exchange: exchange.wait(600), ever=True)
    began = time.monotonic()
    workshop.run(at("a", s3))
    assert time.monotonic() - began < 60
    assert "cannot be reached (no answer in time)" in notes(at("a", s3))[0]


class SilentFtp(socketserver.BaseRequestHandler):
    """Says hello, and never more."""

    def handle(self):
        self.request.sendall(b"220 hello\r\n")
        while line := self.request.recv(1000):
            if line.startswith((b"USER", b"TYPE")):
                self.request.sendall(b"230 welcome\r\n")


def test_file_systems_without_a_time_limit_are_held_to_ours(at, monkeypatch):
    monkeypatch.setattr(object_store, "PATIENCE", 0.3)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), SilentFtp) as ftp:
        ftp.daemon_threads = True
        threading.Thread(target=ftp.serve_forever, args=(0.05,)).start()
        url = f"ftp://127.0.0.1:{ftp.server_address[1]}/far"
        began = time.monotonic()
        workshop.run(at("a", url))
        assert time.monotonic() - began < 60
        (said,) = notes(at("a", url))
        assert "cannot be reached (no answer in 0.3 s)" in said
        ftp.shutdown()
    began = time.monotonic()
    workshop.run(at("b", url))  # nobody there
    assert "cannot be reached" in notes(at("b", url))[0]


def test_a_network_that_goes_in_the_middle(s3, server, at, caplog):
    right = workshop.spell(workshop.run(at("a", s3)).output)
    server.begin(lambda exchange: exchange.reset(), 3, ever=True)
    assert workshop.spell(workshop.run(at("b", s3), force=["sum"]).output) == right
    server.begin()
    workshop.run(at("b", s3))
    assert workshop.spell(workshop.run(at("c", s3)).output) == right


def test_what_an_interrupted_run_made_is_uploaded_when_it_is_used_again(s3, server, at):
    store = at("a", s3)
    with pytest.raises(KeyboardInterrupt), store.in_use():
        store.put(KEY, 1, facts=dict)
        store.put(OTHER, np.arange(9000), facts=dict)
        raise KeyboardInterrupt
    assert not server.objects(s3.partition(f"{BUCKET}/")[2])
    with at("a", s3).in_use() as pin:
        pin(OTHER)
    assert at("b", s3).action(OTHER) is not None and at("b", s3).action(KEY) is None


def test_an_upload_that_is_interrupted_is_finished_when_its_result_is_used_again(s3, server, at):
    with pytest.raises(KeyboardInterrupt), at("a", s3).in_use():
        at("a", s3).put(KEY, np.arange(9000), facts=dict)
        raise KeyboardInterrupt
    server.begin(lambda exchange: exchange.reset(), 3, ever=True)
    with at("a", s3).in_use() as pin:
        pin(KEY)
    server.begin()
    assert at("b", s3).action(KEY) is None
    with at("a", s3).in_use() as pin:
        pin(KEY)
    assert at("b", s3).load(at("b", s3).action(KEY)["output"])[5] == 5


def test_what_is_there_is_asked_for_once(s3, server, at):
    workshop.run(at("a", s3))
    store = at("a", s3)
    server.begin()
    workshop.run(store)
    assert {line.split()[0] for line in server.log} == {"HEAD"}
    assert len(server.log) <= len(workshop.STEPS)
    server.begin()
    workshop.run(store)
    assert server.log == []


def test_a_failed_step_does_not_keep_the_others_from_being_uploaded(s3, at, monkeypatch):
    monkeypatch.setattr(workshop.Sum, "run", lambda self, whole, big: 1 / 0)
    with pytest.raises(NodeError):
        workshop.run(at("a", s3))
    assert all(s.cached for s in workshop.run(at("b", s3), until="bound").records.values())


def test_who_is_first_wins_and_nobody_overwrites(s3, server, at, tmp_path):
    one, two = at("a", s3), at("b", s3)
    assert one.action(KEY) is None and two.action(KEY) is None
    with one.in_use():
        one.put(KEY, "first", facts=dict)
    before = server.objects()
    with two.in_use():
        two.put(KEY, "second", facts=dict)
    assert server.objects() == before
    assert at("c", s3).load(at("c", s3).action(KEY)["output"]) == "first"


def test_who_is_first_and_did_not_finish_does_not_win(s3, server, at, tmp_path):
    put(at("a", s3), tmp_path)
    for name in server.objects(s3.partition(f"{BUCKET}/")[2] + "/blobs"):
        server.remove(name)
    two = at("b", s3)
    with two.in_use():
        two.put(KEY, np.arange(9), facts=dict)
    three = at("c", s3)
    assert three.load(three.action(KEY)["output"]).shape == (9,)


def signed(record):
    body = record if isinstance(record, bytes) else json.dumps(record).encode()
    return b'{"check": "' + digest_bytes(body).encode() + b'", "record": ' + body + b"}\n"


def record_of(tree, **fields):
    facts = {
        "format": FORMAT,
        "key": KEY,
        "created": 0.0,
        "output": tree,
        "digest": digest_tree(tree),
    }
    return signed({**facts, **fields})


BLOB = {"blob": "ef" * 32, "size": 5, "suffix": ".txt"}
HOSTILE = {
    "a name with ..": record_of({"file": {**BLOB, "blob": "../" * 20 + "tmp/x"}}),
    "an absolute name": record_of({"file": {**BLOB, "blob": "/etc/passwd"}}),
    "a suffix with ..": record_of({"file": {**BLOB, "suffix": "/../../x"}}),
    "a suffix with NUL": record_of({"file": {**BLOB, "suffix": ".a\0"}}),
    "a negative size": record_of({"file": {**BLOB, "size": -1}}),
    "a size of text": record_of({"file": {**BLOB, "size": "5"}}),
    "of another key": record_of(1, key=OTHER),
    "of another format": record_of(1, format=0),
    "a digest that is not its own": record_of(True, digest="00" * 32),
    "no record": signed([1]),
    "no output": signed({"key": KEY, "format": FORMAT}),
    "not JSON": b"pickle",
    "deep": signed(b"[" * 100_000),
    "deep in it": signed(
        b'{"key": "%s", "format": %d, "digest": "", "output": %s1%s}'
        % (KEY.encode(), FORMAT, b"[" * 980, b"]" * 980)
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_record_is_as_good_as_none(tmp_path, at, what):
    far = tmp_path / "far" / "actions" / KEY[:2]
    far.mkdir(parents=True)
    (far / f"{KEY}.json").write_bytes(HOSTILE[what])
    store = at("a", f"file://{tmp_path}/far")
    assert store.action(KEY) is None
    assert not [name for name in files(store.path) if name.startswith(("actions", "tmp"))]
    with store.in_use():
        store.put(KEY, 7, facts=dict)
    assert at("b", f"file://{tmp_path}/far").action(KEY)["output"] == {"int": 7}


def test_a_record_too_large_is_not_fetched(tmp_path, at, monkeypatch):
    url = f"file://{tmp_path}/far"
    put(at("a", url), tmp_path)
    monkeypatch.setattr(remote, "LARGEST", 100)
    assert at("b", url).action(KEY) is None


def test_a_blob_larger_than_stated_is_not_taken_in(s3, server, at, tmp_path, monkeypatch):
    put(at("a", s3), tmp_path)
    for name, data in server.objects(s3.partition(f"{BUCKET}/")[2] + "/blobs").items():
        server.put(name, data + bytes(8 << 20))
    largest = 0
    real = object_store._Limit.absolute_update

    def seen(self, value):
        nonlocal largest
        largest = max(largest, self._done)
        real(self, value)

    monkeypatch.setattr(object_store._Limit, "absolute_update", seen)
    store = at("b", s3)
    with pytest.raises(DamagedError):
        store.load(store.action(KEY)["output"])
    assert largest < 3 << 20
    assert not [name for name in files(store.path) if name.startswith(("blobs", "tmp"))]


def test_the_near_tier_heals_itself(s3, at, tmp_path):
    put(at("a", s3), tmp_path)
    store = at("a", s3)
    for path in (store.path / "blobs").rglob("*.*"):
        path.chmod(0o644)
        path.write_bytes(b"x" * path.stat().st_size)
    found = store.load(store.action(KEY)["output"])
    np.testing.assert_array_equal(found["array"], np.arange(200_000.0))


def refusal(store, *parts):
    with pytest.raises(StoreError) as caught, store.in_use():
        if store.action(KEY) is None:
            store.put(KEY, 1, facts=dict)
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text
    return text


def test_refusals_are_one_line_with_the_remedy(s3, server, at, tmp_path):
    from tests.torture.s3_faults import FAULTS

    for name in ("403", "expired token", "wrong signature"):
        server.begin(FAULTS[name], ever=True)
        refusal(at("a", s3), "refuses", "credentials", s3, f"go on with {tmp_path / 'a'} as store")


def test_no_credentials(s3, server, at, monkeypatch):
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, "s3", {"endpoint_url": server.url})
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    refusal(at("a", s3), "credentials")


def test_a_bucket_that_is_not_there_keeps_what_was_made(s3, at):
    store = at("a", "s3://nosuchbucket/x")
    refusal(store, "s3://nosuchbucket", "make the bucket")
    assert Store(store.path).action(KEY) is not None


def test_a_missing_package_and_an_unknown_kind(tmp_path, monkeypatch):
    from fsspec.registry import _registry

    monkeypatch.delitem(_registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(StoreError, match=r"pip install 'talkgraph\[s3\]'"):
        Store(tmp_path, remote="s3://b/p").prepare()
    with pytest.raises(StoreError, match=r"nosuch://x: .*check the URL"):
        Store(tmp_path, remote="nosuch://x").prepare()


def test_a_password_is_not_shown(tmp_path):
    far = object_store.ObjectStore("nosuch://me:secret@host/x", tmp_path)
    with pytest.raises(StoreError) as caught:
        far.open()
    assert "secret" not in str(caught.value) and "nosuch://host/x" in str(caught.value)


def test_where_the_near_tier_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TALKGRAPH_STORE", raising=False)
    one, two = Store("s3://bucket/one"), Store("s3://bucket/two")
    assert one.path != two.path
    assert one.path.parent == two.path.parent == tmp_path / "talkgraph" / "remote"
    monkeypatch.setenv("TALKGRAPH_STORE", "s3://bucket/one")
    assert Store().path == one.path and Store().remote.objects.url == "s3://bucket/one"
    assert Store(tmp_path / "x").remote is None
    assert not list(tmp_path.iterdir())  # nothing is made or asked before it is needed
    again = pickle.loads(pickle.dumps(one))
    assert repr(one) == f"Store({str(one.path)!r}, remote='s3://bucket/one')"
    assert again.path == one.path and again.remote.objects.url == "s3://bucket/one"


def test_tiers_and_models_are_not_part_of_the_store_they_lie_in(tmp_path):
    store = Store(tmp_path)
    store.put(KEY, np.arange(1000.0), facts=dict)
    before = collect.usage(store)
    for name in ("remote/abc/blobs/x", "models/face.onnx"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(bytes(1 << 20))
    assert collect.usage(store) == before
    assert store.gc(1 << 19).results == 0


def test_blobs_arrive_before_the_record_that_names_them(s3, server, at, tmp_path):
    put(at("a", s3), tmp_path)
    put_there = [line.split("/")[3] for line in server.log if line.startswith("PUT")]
    assert put_there[-1] == "actions" and set(put_there[:-1]) == {"blobs"}


def test_a_record_whose_files_are_still_far_is_not_damaged(tmp_path, at, monkeypatch):
    url = f"file://{tmp_path}/far"
    put(at("a", url), tmp_path)
    store = at("b", url)
    assert store.action(KEY) is not None
    (tmp_path / "far").rename(tmp_path / "unplugged")
    assert store.verify() == []
    (tmp_path / "unplugged").rename(tmp_path / "far")
    store.load(store.action(KEY)["output"])


def test_gc_counts_only_what_is_near(tmp_path, at):
    url = f"file://{tmp_path}/far"
    with (made := at("a", url)).in_use():
        for key in (KEY, OTHER):
            made.put(key, np.arange(200_000) + int(key[0], 16), facts=dict)
    store = at("b", url)
    far, near = store.action(KEY), store.action(OTHER)
    assert far is not None
    os.utime(store.action_path(KEY), (1, 1))
    store.load(near["output"])
    store.gc(100_000)
    assert collect.usage(store) <= 100_000


def test_answers_without_end_use_up_no_connections(s3, server, at, tmp_path, monkeypatch, caplog):
    from tests.torture.s3_faults import FAULTS

    put(at("a", s3), tmp_path)
    monkeypatch.setattr(remote, "LARGEST", 1 << 16)
    monkeypatch.setattr(object_store, "PATIENCE", 2.0)
    for number in range(12):
        server.begin(FAULTS["endless"], 0)
        assert at(f"machine {number}", s3).action(KEY) is None
    server.begin()
    assert at("b", s3).action(KEY) is not None
    assert not caplog.records
