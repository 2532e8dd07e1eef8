"""Files moved aside: they are to go, unless it shows that somebody needs them after all.

What moves them may be killed meanwhile, and a result may have come to rely on a blob of theirs. So
whoever finds the trash of a dead process puts its blobs back; if nobody needs one, the next
collection takes it. Records in it are gone: of those nobody can know whether their blobs still are.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from talkgraph.cache import disk
from talkgraph.cache.keys import is_digest

_SUFFIX = ".trash"  # of the name of a folder in tmp/
_RECORD = "record "  # before the name of a file that is no blob


class Trash:
    """Files of a store that were moved aside; those not put back go at the end of the context."""

    def __init__(self, temporary: Path) -> None:
        self._folder = temporary / (disk.own_name() + _SUFFIX)
        self.moved: dict[Path, Path] = {}  # the path that a file had -> where it is
        disk.operations.mkdir(self._folder)

    def __enter__(self) -> Trash:
        return self

    def __exit__(self, *_: object) -> None:
        disk.remove_tree(self._folder)

    def take(self, path: Path) -> None:
        """Move a file aside, if it is there and, on Windows, nobody has it open."""
        away = self._folder / (path.name if path.parts[-3] == "blobs" else _RECORD + path.name)
        with contextlib.suppress(FileNotFoundError, PermissionError):
            disk.operations.rename(path, away)
            self.moved[path] = away

    def put_back(self, path: Path) -> None:
        """Let a file that was taken be where it was."""
        away = self.moved.pop(path, None)
        if away is not None:
            with contextlib.suppress(FileNotFoundError):  # swept away, as that of a dead process
                disk.publish(away, path, False)


def discard(path: Path, temporary: Path, sound: Callable[[Path], bool]) -> bool:
    """Remove a file unless it is sound, looked at where nobody can put another in its place."""
    with Trash(temporary) as trash:
        trash.take(path)
        for away in list(trash.moved.values()):
            if sound(away):
                trash.put_back(path)
        return bool(trash.moved)


def sweep(temporary: Path, blobs: Path, now: float) -> None:
    """Remove what dead processes left unfinished, and put back the blobs that they held aside.

    Args:
        now: the time by the clock of the file system, s; see `disk.clock`.
    """
    with os.scandir(temporary) as entries:
        found = list(entries)
    for left in found:
        with contextlib.suppress(FileNotFoundError):  # another sweeps as well
            age = now - left.stat(follow_symlinks=False).st_mtime
            if disk.abandoned(left.name, age):
                if left.name.endswith(_SUFFIX):
                    _restore(left.path, blobs)
                disk.remove_tree(left.path)


def _restore(trash: str, blobs: Path) -> None:
    for name in os.listdir(trash):
        target = f"{blobs}/{name[:2]}/{name}"
        if is_digest(name[:64]) and not os.path.exists(target):
            with contextlib.suppress(FileNotFoundError):
                disk.publish(f"{trash}/{name}", target, False)


def aside(temporary: Path, name: str) -> bool:
    """Whether somebody holds a blob of that name aside."""
    return any(temporary.glob(f"*{_SUFFIX}/{name}"))
