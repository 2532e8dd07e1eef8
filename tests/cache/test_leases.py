"""One makes it, the others wait; a dead process loses its lease; a broken lock harms nothing."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from talkgraph.cache import leases


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leases" / "key"


def never():
    return False


def test_a_lease_is_exclusive_and_freed(path):
    got = []
    first = leases.claim(path, never)
    thread = threading.Thread(target=lambda: got.append(leases.claim(path, never)))
    with first:
        thread.start()
        time.sleep(0.2)
        assert not got
    thread.join(60)
    assert got and got[0] is not None
    with got[0]:
        pass
    assert not path.exists()


def test_a_waiter_leaves_when_the_result_is_there(path):
    with leases.claim(path, never):
        asked = []
        assert leases.claim(path, lambda: asked.append(1) or len(asked) > 2) is None


def test_a_killed_process_loses_its_lease_at_once(path, monkeypatch):
    monkeypatch.setattr(leases, "STALE", 1e9)  # time alone does not free it
    code = (
        "import sys, time; from pathlib import Path; from talkgraph.cache import leases\n"
        "lease = leases.claim(Path(sys.argv[1]), lambda: False); print('held', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.kill()
    given_up = time.monotonic() + 60
    with leases.claim(path, lambda: time.monotonic() > given_up) as lease:
        assert lease is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"[" * 5000,
        b"[]",
        b"{}",
        b'{"host": "elsewhere", "pid": 1}',
        b'{"pid": "x"}',
    ],
    ids=lambda content: content[:20].decode(),
)
def test_a_lease_that_nobody_renews_is_lost(path, content, monkeypatch):
    monkeypatch.setattr(leases, "STALE", 0.3)
    path.parent.mkdir()
    path.write_bytes(content)
    with leases.claim(path, never) as lease:
        assert lease is not None


def test_a_reused_process_id_does_not_hold_it(path):
    path.parent.mkdir()
    path.write_text(json.dumps({**leases.owner(), "start": "1"}))
    with leases.claim(path, never) as lease:
        assert lease is not None


def test_a_live_lease_is_renewed_and_kept(path, monkeypatch):
    monkeypatch.setattr(leases, "RENEW", 0.05)
    monkeypatch.setattr(leases, "_thread", None)  # the one that runs may sleep for long yet
    monkeypatch.setattr(leases, "STALE", 1.5)
    with leases.claim(path, never):
        until = time.monotonic() + 3.0
        assert leases.claim(path, lambda: time.monotonic() > until) is None


def test_where_no_lease_can_be_made_work_goes_on(path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "no")

    monkeypatch.setattr(os, "open", refuse)
    with leases.claim(path, never) as lease:
        assert lease is not None


def test_a_stolen_lease_is_not_removed_by_its_old_holder(path):
    with leases.claim(path, never):
        leases._break(path)
        other = leases.claim(path, never)
    assert path.exists()
    with other:
        pass


@pytest.mark.parametrize("skew", [-40 * 365 * 86400.0, 0.0, 40 * 365 * 86400.0])
def test_clocks_that_are_wrong_by_any_amount_do_not_count(path, monkeypatch, skew):
    """A holder elsewhere whose clock errs keeps its lease while it renews it, and no longer."""
    monkeypatch.setattr(leases, "STALE", 1.0)
    path.parent.mkdir()
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "start": "1", "token": "t"}))
    until = time.monotonic() + 2.0
    renewed = []

    def renew():
        while time.monotonic() < until:
            renewed.append(time.monotonic())
            moment = 1.7e9 + skew - time.monotonic()  # and even runs backwards
            os.utime(path, (moment, moment))
            time.sleep(0.05)

    renewing = threading.Thread(target=renew)
    renewing.start()
    monkeypatch.setattr(time, "time", lambda: 1.7e9 - skew)
    with leases.claim(path, never) as lease:
        taken = time.monotonic()
        assert lease is not None
    renewing.join()
    assert renewed[-1] + leases.STALE < taken < until + 60


@pytest.mark.slow
def test_a_holder_of_another_machine_that_died_is_followed_within_seconds(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "start": "1", "token": "t"}))
    began = time.monotonic()
    with leases.claim(path, never):
        assert leases.STALE <= time.monotonic() - began < 60


def test_a_forked_child_does_not_renew_what_its_parent_holds(path):
    with leases.claim(path, never):
        child = os.fork()
        if not child:
            os._exit(len(leases._renewed))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert leases._renewed == {str(path)}


def test_the_result_is_looked_for_again_once_the_lease_is_ours(path):
    """Its last holder may have finished between our look and our claim."""
    asked = []
    assert leases.claim(path, lambda: not asked.append(path.exists())) is None
    assert asked == [True] and not path.exists()
