"""Pins: what a running process uses of a store, so that no process removes it.

A process that runs a plan, or writes a result, lists the keys and blob digests that it relies on in
a file of its own, each *before* it looks whether the thing is there. Who removes things moves them
aside first, reads the pins again, and puts back what was pinned meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from talkgraph.cache import disk, leases


class Pins:
    """The pins of this process in one store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._depth = 0
        self.names: set[str] = set()  # that this process has pinned
        self._file: tuple[int, str, int] | None = None  # handle, path, process

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While open, what is added is pinned; may be nested, and opened by several threads."""
        with self._lock:
            self._depth += 1
        try:
            yield
        finally:
            with self._lock:
                self._depth -= 1
                if not self._depth:
                    self._close()

    def add(self, name: str) -> None:
        """Pin an action key or a blob digest, if `held` is open."""
        with self._lock, contextlib.suppress(OSError):  # nobody removes from a read-only store
            if self._file is not None and self._file[2] != os.getpid():
                self._close()  # the file of the process that forked this one
            if self._depth and name not in self.names:
                self.names.add(name)
                disk.write_all(self._open(), f"{name}\n".encode())

    def _open(self) -> int:
        if self._file is None:
            path = f"{self._folder}/{disk.own_name()}"
            try:
                handle = disk.operations.append(path)
            except FileNotFoundError:
                disk.make_folder(self._folder)
                handle = disk.operations.append(path)
            self._file = handle, path, os.getpid()
            disk.write_all(handle, (json.dumps(leases.owner()) + "\n").encode())
            leases.renew(path)
        return self._file[0]

    def _close(self) -> None:
        self.names.clear()
        if self._file is not None:
            handle, path, process = self._file
            self._file = None
            with contextlib.suppress(OSError):
                disk.operations.close(handle)
            if process == os.getpid():
                leases.stop_renewing(path)
                disk.discard(path)


def pinned(folder: Path, now: float) -> set[str]:
    """All that living processes have pinned; removes the files of dead ones.

    Args:
        now: the time by the clock of the file system, s; see `disk.clock`.
    """
    found: set[str] = set()
    for path, status in disk.files(folder):
        try:
            first, *names = disk.operations.read(path).decode(errors="replace").split("\n")
        except FileNotFoundError:
            continue
        who = {}
        with contextlib.suppress(ValueError, RecursionError):
            who = json.loads(first)
        dead = isinstance(who, dict) and leases.is_dead(who)
        if dead or disk.abandoned(os.path.basename(path), now - status.st_mtime):
            disk.discard(path)
        else:
            found.update(names)
    return found
