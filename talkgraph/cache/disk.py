"""Files that are wholly there or not at all: temporary file, fsync, rename, fsync of the folder.

Everything that the store changes on disk goes through `operations`, one method per system call, so
that tests can fail, kill, record or tear each of them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import time
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from talkgraph.errors import StoreError

Name = str | Path
Stamp = tuple[int, int, int, int]
"""Size, mtime and ctime in ns, inode: changes whenever a file's content may have changed."""

_SETTLE = 0.1  # s; file clocks tick up to every 10 ms: a younger stamp may hide a second write
_SETTLE_COARSE = 2.0  # s; on file systems that keep whole seconds (FAT keeps even ones)
_ABANDONED = 24 * 3600.0  # s after which an unfinished file of another machine is swept away
_GONE_AGAIN = 100  # times that a folder may go while another is made in it
_REFUSALS = 40 if os.name == "nt" else 0  # Windows replaces no file while somebody reads it
_UNTIL_READ = 0.05  # s
_BINARY = getattr(os, "O_BINARY", 0)  # Windows translates line ends without it

_synced: set[str] = set()  # folders whose own name this process has made to survive a power cut


class Operations:
    """What the store does to the file system. Each raises OSError."""

    def read(self, path: Name) -> bytes:
        """The content of a small file."""
        handle = os.open(path, os.O_RDONLY | _BINARY)
        try:
            parts = [os.read(handle, os.fstat(handle).st_size + 1)]
            while part := os.read(handle, 1 << 16):
                parts.append(part)
            return b"".join(parts)
        finally:
            os.close(handle)

    def create(self, path: Name, mode: int = 0o666) -> int:
        """Make a file that is not there yet; its handle, to write."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, mode)

    def append(self, path: Name) -> int:
        """Open a file, made if need be, to write at its end."""
        return os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | _BINARY, 0o666)

    def write(self, handle: int, data: Any) -> int:
        """Write some of the bytes; how many."""
        return os.write(handle, data)

    def sync(self, handle: int) -> None:
        """Make what was written survive a power cut."""
        os.fsync(handle)

    def close(self, handle: int) -> None:
        """Close a handle."""
        os.close(handle)

    def sync_path(self, path: Name) -> None:
        """Make a file's content, or the names in a folder, survive a power cut."""
        if os.name != "posix":
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Name, new: Name) -> None:
        """Give a file another name, whatever had that name."""
        os.replace(old, new)

    def unlink(self, path: Name) -> None:
        """Remove a file."""
        os.unlink(path)

    def mkdir(self, path: Name) -> None:
        """Make a folder."""
        os.mkdir(path)

    def rmdir(self, path: Name) -> None:
        """Remove an empty folder."""
        os.rmdir(path)

    def utime(self, path: Name) -> None:
        """Mark a file as changed now."""
        os.utime(path)

    def chmod(self, path: Name, mode: int) -> None:
        """Set who may read and write a file."""
        os.chmod(path, mode)


operations = Operations()


# -- writing -----------------------------------------------------------------------------------


def write(
    target: Name, parts: Iterable[Any], temporary: Name, durable: bool, mode: int = 0o666
) -> None:
    """Make `target` hold the concatenated bytes-like `parts`, or leave everything as it was."""
    temp = draft(parts, temporary, durable, mode)
    try:
        publish(temp, target, durable)
    except BaseException:
        discard(temp)
        raise


def draft(parts: Iterable[Any], temporary: Name, durable: bool, mode: int = 0o666) -> str:
    """A new, finished file in the folder `temporary`; nothing is left of it after an error."""
    temp = f"{temporary}/{own_name()}"
    handle = operations.create(temp, mode)
    try:
        try:
            for part in parts:
                write_all(handle, part)
            if durable:
                operations.sync(handle)
        finally:
            operations.close(handle)
    except BaseException:
        discard(temp)
        raise
    return temp


def write_all(handle: int, data: Any) -> None:
    """Write all of some bytes, however little the system takes at a time."""
    left = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while left:
        written = operations.write(handle, left)
        if written <= 0:
            raise OSError(errno.EIO, "nothing can be written")
        left = left[written:]


def publish(temp: Name, target: Name, durable: bool) -> None:
    """Rename a finished (and synced) file to its final name."""
    folder = os.path.dirname(target) or os.curdir
    refusals = 0
    while True:
        try:
            operations.rename(temp, target)
            break
        except PermissionError:
            refusals += 1
            if refusals > _REFUSALS:
                raise
            time.sleep(_UNTIL_READ)
        except FileNotFoundError:
            if not os.path.lexists(temp):
                raise
            make_folder(folder)
            _synced.discard(folder)
    if durable:
        operations.sync_path(folder)
        if folder not in _synced:  # whoever made it may have been killed before it did this
            operations.sync_path(os.path.dirname(os.path.abspath(folder)))
            _synced.add(folder)


def make_folder(path: Name) -> None:
    """Make a folder and those above it, where they are not there, or go meanwhile."""
    for left in reversed(range(_GONE_AGAIN)):
        try:
            return operations.mkdir(path)
        except FileNotFoundError:
            if not left:  # not one who removes it each time: nothing can be made there, as in /proc
                raise
            make_folder(os.path.dirname(path))
        except FileExistsError:
            if os.path.isdir(path):
                return None
            if os.path.lexists(path) and not os.path.isdir(path):  # a file, or a link to nowhere
                raise


def append(path: Name, text: str) -> None:
    """Add a line or so to a file that many may add to."""
    handle = operations.append(path)
    try:
        write_all(handle, text.encode())
    finally:
        operations.close(handle)


def discard(path: Name) -> None:
    """Remove a file of ours if that can be done; what is gone already is fine."""
    with contextlib.suppress(OSError):
        operations.unlink(path)


def remove_tree(top: Name) -> None:
    """Remove a folder or file of ours, as far as that can be done; links are not followed."""
    for base, folders, files in () if os.path.islink(top) else os.walk(top, topdown=False):
        for name in files:
            discard(os.path.join(base, name))
        for name in folders:
            _remove_folder(os.path.join(base, name))
    _remove_folder(top)


def _remove_folder(path: Name) -> None:
    with contextlib.suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            operations.rmdir(path)
        else:
            operations.unlink(path)


# -- names in the folder of unfinished files ---------------------------------------------------


@cache
def machine() -> str:
    """What process ids are unique within: the host, and on Linux its namespace of them."""
    try:
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


@cache
def _machine_digits() -> str:
    return f"{zlib.crc32(machine().encode()):08x}"


def own_name() -> str:
    """A new file name that tells which process made it; see `abandoned`."""
    return f"{_machine_digits()}-{os.getpid()}-{os.urandom(16).hex()}"


def abandoned(name: str, age: float) -> bool:
    """Whether the maker of an `own_name` has ended: known on its machine, else told by age, s."""
    where, _, rest = name.partition("-")
    pid = rest.partition("-")[0]
    if where == _machine_digits() and pid.isdecimal():
        return not alive(int(pid))
    return age > _ABANDONED


def alive(pid: int) -> bool:
    """Whether a process of this machine may be running."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


# -- reading -----------------------------------------------------------------------------------


def files(folder: Name) -> Iterator[tuple[str, os.stat_result]]:
    """Path and status of all files below a folder; OSError if any of it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from files(entry.path)
        else:
            with contextlib.suppress(FileNotFoundError):
                yield entry.path, entry.stat(follow_symlinks=False)


def clock(temporary: Name) -> float:
    """Now, by the clock that stamps the files of a folder, in Unix seconds.

    Ages of files are reckoned with it: this machine's own clock may be wrong by any amount.
    """
    probe = f"{temporary}/{own_name()}"
    handle = operations.create(probe)
    try:
        return os.fstat(handle).st_mtime  # the name may be gone: another machine sweeps it away
    finally:
        operations.close(handle)
        discard(probe)


def stamp(path: Name) -> Stamp:
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
            text = "the disk is full; free some or lower the store's limit, then run again"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            text = "it cannot be written; give another folder as store"
        elif error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
            text = f"{error.strerror}; give another folder as store"
        elif error.errno == errno.EMFILE:
            text = "too many files are open; raise the limit of open files, then run again"
        else:
            text = f"{error.strerror or error}; check the disk, then run again"
        raise StoreError(f"store {root}: {text}") from error
