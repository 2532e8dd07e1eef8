"""Files that are wholly there or not at all: temporary file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from talkgraph.errors import StoreError

Stamp = tuple[int, int, int, int]
"""Size, mtime and ctime in ns, inode: changes whenever a file's content may have changed."""

_SETTLE = 0.1  # s; file clocks tick up to every 10 ms: a younger stamp may hide a second write
_SETTLE_COARSE = 2.0  # s; on file systems that keep whole seconds (FAT keeps even ones)


def stamp(path: Path) -> Stamp:
    """The stamp of a file now; raises OSError if there is none."""
    status = os.stat(path)
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def settled(mark: Stamp) -> bool:
    """Whether the stamp is old enough that any later write is certain to change it."""
    coarse = mark[1] % 1_000_000_000 == 0
    newest = max(mark[1], mark[2]) / 1e9
    return time.time() - newest > (_SETTLE_COARSE if coarse else _SETTLE)


@contextlib.contextmanager
def guarded(root: Path) -> Iterator[None]:
    """Turn what the file system refuses into one line with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text = "the disk is full; free some, `talkgraph cache gc --limit SIZE`, then run again"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            text = "it cannot be written; choose another with --store or TALKGRAPH_STORE"
        elif error.errno == errno.EMFILE:
            text = "too many files are open; raise `ulimit -n`, then run again"
        else:
            text = f"{error.strerror or error}; check the disk, then run again"
        raise StoreError(f"store {root}: {text}") from error


def write(target: Path, fill: Callable[[BinaryIO], None], temporary: Path, durable: bool) -> None:
    """Make `target` hold what `fill` writes, or leave everything as it was."""
    temp = temporary / f"{os.getpid()}-{uuid.uuid4().hex}"
    try:
        with temp.open("xb") as file:
            fill(file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        publish(temp, target, durable)
    except BaseException:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise


def publish(temp: Path, target: Path, durable: bool) -> None:
    """Rename a finished (and synced) file to its final name."""
    try:
        os.replace(temp, target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temp, target)
        if durable:
            sync_folder(target.parent.parent)
    if durable:
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's content survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
