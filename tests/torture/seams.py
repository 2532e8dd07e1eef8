"""Stand-ins for the store's file operations that die, fail, or record what is done."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from talkgraph.cache import disk, leases

MUTATIONS = (
    "create", "append", "write", "sync", "close", "sync_path", "rename", "unlink", "mkdir", "rmdir",
    "utime", "chmod",
)  # fmt: skip
Real = Callable[..., Any]


class Killed(BaseException):
    """The process ends here; whatever still runs is not really happening."""


class Seam(disk.Operations):
    """Passes each mutation of this thread through `step`; nothing is really synced."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self.count = 0

    def sync(self, handle: int) -> None:
        """The disk itself is not on trial, and slow."""

    def sync_path(self, path: disk.Name) -> None:
        """It must be there, at least."""
        os.stat(path)

    def step(self, name: str, real: Real, args: tuple[Any, ...]) -> Any:
        """Do, or do otherwise, one operation."""
        return real(*args)


def _stepped(name: str) -> Callable[..., Any]:
    def operation(self: Seam, *args: Any) -> Any:
        real = getattr(super(Stepped, self), name)
        if threading.get_ident() != self._thread:
            return real(*args)
        self.count += 1
        return self.step(name, real, args)

    return operation


class Stepped(Seam):
    pass


for _name in MUTATIONS:
    setattr(Stepped, _name, _stepped(_name))


class Counting(Stepped):
    """Lists the names of the operations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def step(self, name: str, real: Real, args: tuple[Any, ...]) -> Any:
        self.names.append(name)
        return real(*args)


class Killing(Stepped):
    """Dies before operation number `at`, or, torn, after half of it if it is a write."""

    def __init__(self, at: int, *, torn: bool = False, really: bool = False) -> None:
        super().__init__()
        self._at, self._torn, self._really = at, torn, really

    def step(self, name: str, real: Real, args: tuple[Any, ...]) -> Any:
        if self.count < self._at:
            return real(*args)
        if self.count == self._at and self._torn and name == "write":
            real(args[0], memoryview(args[1])[: len(args[1]) // 2])
        if self._really:
            os._exit(9)
        if name == "close":  # this process lives on
            real(*args)
        raise Killed


class Failing(Stepped):
    """Operation number `at` fails with an errno, once or with all that follow.

    The errno 0 stands for a write that takes half of what it is given.
    """

    def __init__(self, at: int, number: int, *, ever: bool) -> None:
        super().__init__()
        self._at, self._number, self._ever = at, number, ever

    def read(self, path: disk.Name) -> bytes:
        self.count += 1
        return bytes(self.step("read", super().read, (path,)))

    def step(self, name: str, real: Real, args: tuple[Any, ...]) -> Any:
        if self.count < self._at or (self.count > self._at and not self._ever):
            return real(*args)
        if self._number == 0:
            if name != "write":
                return real(*args)
            return real(args[0], memoryview(args[1])[: max(1, len(args[1]) // 2)])
        if name == "close":  # the handle is gone even so
            real(*args)
        raise OSError(self._number, os.strerror(self._number))


class CountingReads(Counting):
    """Counts as `Failing` does: reads too."""

    def read(self, path: disk.Name) -> bytes:
        self.count += 1
        self.names.append("read")
        return super().read(path)


ERRNOS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES, errno.EROFS, errno.EDQUOT)


@contextlib.contextmanager
def using(seam: disk.Operations) -> Iterator[None]:
    """Put a stand-in in the place of the file operations; leases of the dead end at once."""
    before, stale = disk.operations, leases.STALE
    disk.operations, leases.STALE = seam, 0.0
    try:
        yield
    finally:
        disk.operations, leases.STALE = before, stale
        leases._renewed.clear()
