"""The user's files: looked at before any work is done, and put in their place after it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.errors import InputError, nearest

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Result
    from talkgraph.nodes.media import Marks
    from talkgraph.nodes.media.credentials import Identity

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
    for other in inputs:
        if path.exists() and path.samefile(other):
            raise InputError(f"{path}: would replace an input; choose another output path")
    if path.suffix.lower() not in SUFFIXES:
        meant = nearest(path.suffix.lower(), SUFFIXES[:1])
        raise InputError(f"{path}: the output is an MP4 video{meant}; end its name in .mp4")
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


def deliver(
    result: Result, store: Store, path: Path, args: argparse.Namespace, signer: Identity | None
) -> Marks:
    """Put the file that a run made under the user's name, with all that it is to say of itself."""
    from talkgraph.nodes import media

    return media.publish(
        result,
        path,
        store,
        metadata=args.metadata,
        identity=signer,
        time_stamp=args.time_stamp,
    )
