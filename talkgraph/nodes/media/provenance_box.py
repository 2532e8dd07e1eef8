"""The box of an MP4 file that says how the file came to be.

It is a top-level ``uuid`` box at the end: players skip it, and every byte of the video stays where
it was. Credentials, which are made last, are another one near the start; they cover this one.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from talkgraph.cache.files import File
from talkgraph.cache.store import Store
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.history.run_records import RunRecord
from talkgraph.errors import InputError
from talkgraph.nodes.media.boxes import (
    C2PA,
    SUFFIXES,
    body_of_uuid,
    digest_of_content,
    find_uuid,
    is_mp4,
    uuid_box,
)
from talkgraph.nodes.media.decode import check_readable
from talkgraph.nodes.media.provenance import LONGEST, Provenance, provenance_of_run

_OURS = uuid.uuid5(uuid.NAMESPACE_DNS, "provenance.talkgraph").bytes  # names our kind of box


def provenance_of(path: str | Path) -> Provenance:
    """How a video came to be, from its own metadata; `unchanged` says whether it still is that.

    Raises:
        InputError: no such file, or it carries no provenance, or a damaged one.
    """
    path = Path(path)
    check_readable(path, f"{path}")
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: carries no provenance; only MP4 videos do")
    with path.open("rb") as file:
        box = find_uuid(file, _OURS)
        if box is None:
            raise InputError(
                f"{path}: carries no provenance; it was not made by talkgraph, or without "
                "metadata, or another program has saved it since"
            )
        data = body_of_uuid(file, box, LONGEST + 1)
    try:
        return Provenance.from_bytes(data)
    except ValueError as error:
        raise InputError(f"{path}: its provenance cannot be read ({error})") from None


def unchanged(path: str | Path, provenance: Provenance) -> bool:
    """Whether the video, its credentials aside, is byte for byte what its provenance speaks of."""
    return _digest(Path(path)) == provenance.content


def describe(file: File, run: RunRecord, graph: Declaration, store: Store) -> Provenance | None:
    """How a run's MP4 file came to be; None if the file is none."""
    if file.path.suffix.lower() not in SUFFIXES or not is_mp4(file.path):
        return None
    return provenance_of_run(run, graph, store, _digest(file.path))


def provenance_box(provenance: Provenance) -> bytes:
    """What to put after the last byte of a file; nothing if it is too much."""
    data = provenance.to_bytes()
    return uuid_box(_OURS, data) if len(data) <= LONGEST else b""


def _digest(path: Path) -> str:
    return digest_of_content(path, without=(_OURS, C2PA))
