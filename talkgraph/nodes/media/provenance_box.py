"""The box of an MP4 file that says how the file came to be.

It is a top-level ``uuid`` box at the end, where ISO/IEC 14496-12 (11.1) lets anybody put his own:
players skip it, and every byte of the video stays where it was. (XMP and C2PA live in such boxes
too.) Reading looks at box headers alone and never decodes, so a hostile file can do no harm.
"""

from __future__ import annotations

import os
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from talkgraph.cache.files import File
from talkgraph.cache.keys import digest_file
from talkgraph.cache.store import Store
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.history.run_records import RunRecord
from talkgraph.errors import InputError
from talkgraph.nodes.media.decode import check_readable
from talkgraph.nodes.media.provenance import LONGEST, Provenance, provenance_of_run

SUFFIXES = (".mp4", ".m4v")
_OURS = uuid.uuid5(uuid.NAMESPACE_DNS, "provenance.talkgraph").bytes  # names our kind of box
_HEAD = struct.Struct(">I4s16s")
_MOST_BOXES = 100_000  # a fragmented file of ten hours has fewer


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
        place = _find(file)
        if place is None:
            raise InputError(
                f"{path}: carries no provenance; it was not made by talkgraph, or without "
                "metadata, or another program has saved it since"
            )
        start, size = place
        file.seek(start + _HEAD.size)
        data = file.read(min(size - _HEAD.size, LONGEST + 1))
    try:
        return Provenance.from_bytes(data)
    except ValueError as error:
        raise InputError(f"{path}: its provenance cannot be read ({error})") from None


def unchanged(path: str | Path, provenance: Provenance) -> bool:
    """Whether the video is byte for byte what its provenance speaks of."""
    hasher = blake3()
    with Path(path).open("rb") as file:
        place = _find(file)
        left = place[0] if place else 0
        file.seek(0)
        while left and (data := file.read(min(left, 1 << 20))):
            hasher.update(data)
            left -= len(data)
    return hasher.hexdigest() == provenance.content


def box_of_run(file: File, run: RunRecord, graph: Declaration, store: Store) -> bytes:
    """What to put after the last byte of a run's MP4 file; nothing if the file is none."""
    with file.path.open("rb") as video:
        boxes = list(_boxes(video))
        whole = bool(boxes) and sum(size for _, size, _ in boxes) == file.path.stat().st_size
        if file.path.suffix.lower() not in SUFFIXES or not whole or boxes[0][2] != b"ftyp":
            return b""
    data = provenance_of_run(run, graph, store, digest_file(file.path)).to_bytes()
    if len(data) > LONGEST:
        return b""
    return _HEAD.pack(_HEAD.size + len(data), b"uuid", _OURS) + data


def _find(file: BinaryIO) -> tuple[int, int] | None:
    """Start and size of our box, the last if there are several."""
    found = None
    for start, size, kind in _boxes(file):
        if kind == b"uuid":
            file.seek(start)
            if file.read(_HEAD.size)[8:] == _OURS:
                found = start, size
    return found


def _boxes(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Start, size and kind of the top-level boxes, up to the first that cannot be one."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    for _ in range(_MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        if size == 1 and len(head) == 16:
            size = struct.unpack(">Q", head[8:])[0]
        if size < 8 or start + size > end:  # a size of 0 means "to the end": nothing can follow
            return
        yield start, size, kind
        start += size
