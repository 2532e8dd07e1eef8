"""Leases: of many processes that want the same result, one makes it and the others wait.

A lease is a file created exclusively; its holder renews its time stamp. It is lost when its process
is dead (same host: by id and start time) or when it has not been renewed for a while, measured by
the waiter's own clock. Results are content-addressed and published by rename, so two holders at
once, or locks that do nothing, cost double work and never a wrong result.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

RENEW = 3.0  # s between renewals
STALE = 30.0  # s without renewal after which a lease is lost
_POLL = 0.05  # s; grows while waiting
_POLL_MOST = 1.0  # s


def owner() -> dict[str, str | int | None]:
    """Who this process is, in a way that survives reuse of process ids."""
    pid = os.getpid()
    return {"host": platform.node(), "pid": pid, "start": _start_time(pid)}


def is_dead(who: dict[str, str | int | None]) -> bool:
    """Whether an owner on this host has certainly ended; False for owners on other hosts."""
    pid = who.get("pid")
    if who.get("host") != platform.node() or not isinstance(pid, int):
        return False
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return who.get("start") != _start_time(pid)


def _start_time(pid: int) -> str | None:
    """When a process started, in clock ticks since boot; None where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "zombie" if fields[0] == "Z" else fields[19]


class Lease:
    """A held lease; leave it as a context manager."""

    def __init__(self, path: Path | None, token: str) -> None:
        self._path = path
        self._token = token
        self._ended = threading.Event()
        if path is not None:
            threading.Thread(target=self._renew, name="talkgraph-lease", daemon=True).start()

    def _renew(self) -> None:
        while not self._ended.wait(RENEW):
            with contextlib.suppress(OSError):
                os.utime(self._path)  # type: ignore[arg-type]

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        with contextlib.suppress(OSError, ValueError):
            if self._path is not None and _read(self._path).get("token") == self._token:
                self._path.unlink()


def claim(path: Path, done: Callable[[], bool]) -> Lease | None:
    """Take the lease at `path`; wait while another holds it. None once `done()` says so.

    Where no lease file can be made (a read-only folder) the lease is granted all the same.
    """
    token = uuid.uuid4().hex
    text = json.dumps({**owner(), "token": token}).encode()
    seen: float | None = None
    since = time.monotonic()
    pause = _POLL
    while True:
        if done():
            return None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            pass
        except OSError:
            return Lease(None, token)
        else:
            with contextlib.suppress(OSError):  # an unreadable lease is renewed and expires alike
                os.write(handle, text)
            os.close(handle)
            return Lease(path, token)
        try:
            who = _read(path)
            renewed = path.stat().st_mtime
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            who, renewed = {}, -1.0
        if renewed != seen:
            seen, since = renewed, time.monotonic()
        if is_dead(who) or time.monotonic() - since > STALE:
            _break(path)
            continue
        time.sleep(pause)
        pause = min(pause * 1.5, _POLL_MOST)


def _break(path: Path) -> None:
    """Remove a lost lease; of several processes that try, the rename lets one win."""
    away = path.with_name(f"{path.name}.{uuid.uuid4().hex}.lost")
    with contextlib.suppress(OSError):
        os.rename(path, away)
        away.unlink()


def _read(path: Path) -> dict[str, str | int | None]:
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise ValueError("not a lease")
    return found
