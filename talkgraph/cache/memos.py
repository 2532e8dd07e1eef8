"""Facts remembered between processes: each may be lost without harm."""

from __future__ import annotations

import contextlib
from pathlib import Path

from talkgraph.cache.keys import digest_tree
from talkgraph.cache.records import Record, read_record, write_record


class Memos:
    """The memos of one store."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, name: str, subject: str) -> Record | None:
        """A remembered fact, or None."""
        with contextlib.suppress(OSError, ValueError):
            return read_record(self._path(name, subject))
        return None

    def set(self, name: str, subject: str, fact: Record) -> None:
        """Remember a fact, if the store can be written."""
        with contextlib.suppress(OSError):
            write_record(self._path(name, subject), fact, self._root / "tmp", False)

    def _path(self, name: str, subject: str) -> Path:
        folder = self._root / name if name == "last_runs" else self._root / "memo" / name
        plain = subject.encode(errors="surrogateescape").decode("latin1")
        return folder / f"{digest_tree(plain)[:32]}.json"
