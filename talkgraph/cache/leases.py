"""Leases: of many processes that want the same result, one makes it and the others wait.

A lease is a file created exclusively; its holder renews its time stamp. It is lost when its process
is dead (same machine: by id and start time) or when its stamp has not changed for a while, measured
by the waiter's own monotonic clock: what clocks say does not count. Results are content-addressed
and published by rename, so two holders at once, or locks that do nothing, cost double work and
never a wrong result.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from talkgraph.cache import disk

RENEW = 2.0  # s between renewals
STALE = 8.0  # s without renewal after which a lease is lost
_POLL = 0.05  # s; grows while waiting
_POLL_MOST = 1.0  # s


def owner() -> dict[str, str | int | None]:
    """Who this process is, in a way that survives reuse of process ids."""
    pid = os.getpid()
    return {"host": disk.machine(), "pid": pid, "start": _own_start_time(pid)}


def is_dead(who: dict[str, str | int | None]) -> bool:
    """Whether an owner on this machine has certainly ended; False for owners on others."""
    pid = who.get("pid")
    if who.get("host") != disk.machine() or not isinstance(pid, int):
        return False
    return not disk.alive(pid) or (os.name == "posix" and who.get("start") != _start_time(pid))


@cache
def _own_start_time(pid: int) -> str | None:
    return _start_time(pid)


def _start_time(pid: int) -> str | None:
    """When a process started, in clock ticks since boot; None where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return "zombie" if fields[0] == "Z" else fields[19]


# -- renewal: one thread for all files of this process -----------------------------------------

_renewed: set[str] = set()
_thread: threading.Thread | None = None
if hasattr(os, "register_at_fork"):  # a forked child renews nothing of its parent's
    os.register_at_fork(after_in_child=_renewed.clear)


def renew(path: str) -> None:
    """Renew the time stamp of a file from now on, until `stop_renewing`."""
    global _thread
    _renewed.add(path)
    if _thread is None or not _thread.is_alive():  # the first, or a child of fork
        _thread = threading.Thread(target=_renew, name="talkgraph-renewal", daemon=True)
        _thread.start()


def stop_renewing(path: str) -> None:
    """Leave a file alone."""
    _renewed.discard(path)


def _renew() -> None:
    while True:
        time.sleep(RENEW)
        for path in list(_renewed):
            with contextlib.suppress(OSError):
                disk.operations.utime(path)


# -- leases ------------------------------------------------------------------------------------


class Lease:
    """A held lease; leave it as a context manager.

    Its file stays open: as long as it does, no other file can be taken for it.
    """

    def __init__(self, path: str, handle: int | None) -> None:
        self._path = path
        self._handle = handle  # None: there is no file
        if handle is not None:
            renew(path)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is None:
            return
        stop_renewing(self._path)
        ours = False
        with contextlib.suppress(OSError):
            ours = os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        with contextlib.suppress(OSError):
            disk.operations.close(self._handle)
        if ours:
            disk.discard(self._path)


def claim(path: disk.Name, done: Callable[[], bool]) -> Lease | None:
    """Take the lease at `path`; wait while another holds it. None once `done()` says so.

    Where no lease file can be made (a read-only folder) the lease is granted all the same.
    """
    path = os.fspath(path)
    seen: int | None = None
    since = time.monotonic()
    pause = _POLL
    while True:
        lease = _take(path)
        with contextlib.ExitStack() as stack:
            if lease is not None:
                stack.enter_context(lease)
            if done():  # asked once it is ours: its last holder may just have finished
                return None
            if lease is not None:
                stack.pop_all()
                return lease
        try:
            renewed = os.stat(path).st_mtime_ns
            who = _read(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError):  # half written or damaged: it expires like any other
            renewed, who = -1, {}
        if renewed != seen:
            seen, since = renewed, time.monotonic()
        if is_dead(who) or time.monotonic() - since > STALE:
            _break(path)
            continue
        time.sleep(pause)
        pause = min(pause * 1.5, _POLL_MOST)


def _take(path: str) -> Lease | None:
    """A new lease, or None if there is one."""
    try:
        try:
            handle = disk.operations.create(path)
        except FileNotFoundError:
            disk.make_folder(os.path.dirname(path))
            handle = disk.operations.create(path)
    except FileExistsError:
        return None
    except OSError:
        return Lease(path, None)
    with contextlib.suppress(OSError):  # an unreadable lease is renewed and expires alike
        disk.write_all(handle, json.dumps(owner()).encode())
    return Lease(path, handle)


def _break(path: str) -> None:
    """Remove a lost lease; of several processes that try, the rename lets one win."""
    away = f"{path}.{os.urandom(16).hex()}.lost"
    with contextlib.suppress(OSError):
        disk.operations.rename(path, away)
        disk.operations.unlink(away)


def _read(path: disk.Name) -> dict[str, str | int | None]:
    try:
        found = json.loads(disk.operations.read(path))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not a lease")
    return found
