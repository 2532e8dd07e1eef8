"""The top-level boxes of an MP4 file (ISO/IEC 14496-12), found by their headers alone.

Nothing is decoded, so that a hostile file can do no harm.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import attrs
from blake3 import blake3

SUFFIXES = (".mp4", ".m4v")
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # kind of `uuid` box, XMP part 3, 1.1.4
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # C2PA 2.1, A.5
_MOST_BOXES = 100_000  # a fragmented file of ten hours has fewer
_LARGEST_INDEX = 1 << 28  # bytes; that of ten hours is smaller
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_OFFSETS = {b"stco": 4, b"co64": 8}  # bytes of an offset; 14496-12, 8.7.5


@attrs.frozen
class Box:
    """Where a box lies, in bytes. kind: its four letters; body: those of a `uuid` box included."""

    start: int
    size: int
    kind: bytes
    head: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.size


def uuid_box(kind: bytes, body: bytes) -> bytes:
    """A box in which 14496-12 (11.1) lets anybody put his own; players skip it.

    Args:
        kind: 16 bytes that name whose it is.
    """
    return struct.pack(">I4s16s", 24 + len(body), b"uuid", kind) + body


def boxes(file: BinaryIO) -> Iterator[Box]:
    """The top-level boxes, up to the first that cannot be one."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    for _ in range(_MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        length = 8
        if size == 1 and len(head) == 16:
            size, length = struct.unpack(">Q", head[8:])[0], 16
        if size < length or start + size > end:  # 0 means "to the end": nothing can follow
            return
        yield Box(start, size, kind, length)
        start += size


def is_mp4(path: Path) -> bool:
    """Whether a file consists of boxes, the first of which says that it is such a file."""
    with path.open("rb") as file:
        found = list(boxes(file))
    return bool(found) and found[0].kind == b"ftyp" and found[-1].end == path.stat().st_size


def kind_of_uuid(file: BinaryIO, box: Box) -> bytes:
    """The 16 bytes that name whose `uuid` box it is; none of another box."""
    if box.kind != b"uuid" or box.size < box.head + 16:
        return b""
    file.seek(box.start + box.head)
    return file.read(16)


def find_uuid(file: BinaryIO, kind: bytes) -> Box | None:
    """The last box of a kind, or None."""
    found = None
    for box in boxes(file):
        if kind_of_uuid(file, box) == kind:
            found = box
    return found


def body_of_uuid(file: BinaryIO, box: Box, most: int) -> bytes:
    """What a `uuid` box holds, `most` bytes of it."""
    file.seek(box.start + box.head + 16)
    return file.read(min(box.size - box.head - 16, most))


def digest_of_content(path: Path, without: tuple[bytes, ...]) -> str:
    """BLAKE3 of a file as it is without some of its `uuid` boxes.

    Where a sample lies is left out too: a box that is put before it moves it, and changes nothing.

    Args:
        without: the kinds of boxes that do not count.
    """
    hasher = blake3()
    with path.open("rb") as file:
        end = 0
        for box in list(boxes(file)):
            end = box.end
            if kind_of_uuid(file, box) in without:
                continue
            file.seek(box.start)
            if box.kind == b"moov" and box.size <= _LARGEST_INDEX:
                hasher.update(_without_offsets(file.read(box.size)))
            else:
                _hash(file, box.size, hasher)
        file.seek(end)
        _hash(file, path.stat().st_size - end, hasher)
    return hasher.hexdigest()


def _hash(file: BinaryIO, left: int, hasher: blake3) -> None:
    while left > 0 and (data := file.read(min(left, 1 << 20))):
        hasher.update(data)
        left -= len(data)


def _without_offsets(moov: bytes) -> bytes:
    """The index of a file, 0 in the place of every offset of a chunk of samples."""
    cleared = bytearray(moov)
    within = [(0, len(moov))]
    while within:
        start, end = within.pop()
        while end - start >= 8:
            size, kind = struct.unpack_from(">I4s", moov, start)
            if not 8 <= size <= end - start:
                break
            if kind in _CONTAINERS:
                within.append((start + 8, start + size))
            elif kind in _OFFSETS:
                first = min(start + 16, start + size)  # after version, flags and their number
                cleared[first : start + size] = bytes(start + size - first)
            start += size
    return bytes(cleared)
