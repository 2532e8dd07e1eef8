"""Puts a finished file under the name that the user chose."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from pathlib import Path

from talkgraph.cache.files import File
from talkgraph.errors import InputError, StoreError

DEFAULT_MODE = 0o666  # of a new file, before the user's umask

# What Windows takes for a device, whatever follows after a dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.IGNORECASE)
_DEVICES = os.name == "nt"  # whether there are such names


def check_target(path: Path) -> None:
    """Refuse an output path that could not be written, before any work is done for it.

    Errors: InputError naming the folder and the remedy.
    """
    path = _behind_links(Path(path))
    folder = path.parent
    if _DEVICES and _DEVICE.fullmatch(path.name):
        raise InputError(f"{path}: is the name of a device on Windows; give another one")
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder; give the name of a file in it, e.g. {path}/out.mp4")
    if not os.path.exists(folder):
        raise InputError(f"{folder}: there is no such folder for {path.name}; create it first")
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: is not a folder; give another place for {path.name}")
    try:
        with contextlib.suppress(FileNotFoundError):
            os.lstat(path)  # says whether the name itself is possible
        handle, name = _temporary(path)
    except OSError as error:
        raise _failure(path, error) from None
    os.close(handle)
    os.unlink(name)


def save(file: File, path: Path, tail: bytes = b"") -> None:
    """Copy `file` to `path`, replacing what is there, whole or not at all.

    A link stays, and what it points to is replaced.
    The copy grows beside its final name and takes that name when it is complete and on disk.
    After its last byte comes `tail`, such as a `box_of_run`.
    Errors: InputError for a folder that is missing or read-only; StoreError for a full disk.
    """
    path = _behind_links(Path(path))
    check_target(path)
    name = ""
    try:
        handle, name = _temporary(path)
        with open(handle, "wb") as target, open(file.path, "rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)
            target.write(tail)
            target.flush()
            os.fsync(target.fileno())
        os.chmod(name, DEFAULT_MODE & ~_umask())
        os.replace(name, path)
        _sync_folder(path.parent)
    except BaseException as error:
        if name:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        if isinstance(error, OSError):
            raise _failure(path, error) from None
        raise


def _behind_links(path: Path) -> Path:
    """Where a link leads to, through all of them, there or not; any other path as it is."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path


def _temporary(path: Path) -> tuple[int, str]:
    # The user's name stays out of it: with a suffix added, a long name could become too long.
    return tempfile.mkstemp(dir=path.parent, prefix=".talkgraph-", suffix=path.suffix[:8])


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _failure(path: Path, error: OSError) -> InputError | StoreError:
    folder = path.parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"{folder}: the disk is full, {path.name} was not written; free some space or give "
            "another folder (the result is in the store: a rerun takes seconds)"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return InputError(
            f"{folder}: may not be written to; give another folder for {path.name}, or yourself "
            "permission (chmod u+w)"
        )
    if error.errno == errno.ENAMETOOLONG:
        return InputError(f"{path.name}: the name is too long; give a shorter one")
    return InputError(f"{path}: cannot be written ({error.strerror}); give another place")
