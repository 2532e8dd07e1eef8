"""The user's files: looked at before any work is done, and put in their place after it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.errors import InputError, TalkgraphError, nearest

if TYPE_CHECKING:
    from talkgraph.cache.files import File
    from talkgraph.cache.store import Store
    from talkgraph.engine import Graph, Result

SUFFIXES = (".mp4", ".m4v")


def check_output(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Refuse an output path that could not be written in the end.

    Args:
        path: where the finished video will go; an existing file there will be replaced.
        inputs: the user's own files, which the output must not replace.

    Raises:
        InputError: wrong suffix, a folder, one of `inputs`, or in a folder that is missing or
            cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        meant = nearest(path.suffix.lower(), SUFFIXES)
        raise InputError(f"{path}: the output is an MP4 video{meant}; end its name in .mp4")
    for other in inputs:
        if path.exists() and path.samefile(other):
            raise InputError(f"{path}: would replace an input; choose another output path")
    from talkgraph.nodes import media

    media.check_target(path)


def check_input(path: Path, what: str) -> None:
    """Refuse an input path that is no readable, non-empty file.

    Args:
        path: the user's file.
        what: "speech", "video" or "photo", for the message.

    Raises:
        InputError: missing, a folder, unreadable or empty.
    """
    if not path.exists():
        raise InputError(f"{path}: no such {what} file; check the path")
    if path.is_dir():
        raise InputError(f"{path}: a folder, not a {what} file; name the file itself")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(
            f"{path}: the {what} file cannot be read ({error.strerror}); check its permissions"
        ) from error
    if empty:
        raise InputError(f"{path}: the {what} file is empty; copy or record it again")


def deliver(result: Result, graph: Graph, store: Store, path: Path, *, metadata: bool) -> None:
    """Put the file that a run made under the user's name, with its provenance if that is wanted."""
    from talkgraph.engine.history import run_records
    from talkgraph.nodes import media

    file: File = result.output
    box = b""
    if metadata:
        with contextlib.suppress(TalkgraphError):  # a run without a record
            box = media.box_of_run(file, run_records.find(store, result.run_id), graph, store)
    media.save(file, path, box)
