"""How long a recording says it is, where it says so reliably."""

from __future__ import annotations

import os
import struct
from typing import Any

from talkgraph.nodes.media.decoder.mp3_header import mp3_seconds

OGG_PAGE_HEAD = 27  # bytes before the table of segments
MAX_OGG_PAGE = 65307
# What recorders and services write that do not know the length yet: 0, the most that 31 or 32
# bits hold (give or take a header or a block), or a huge number far beyond what follows.
MOST, BLOCK = (0x7FFFFFFF, 0xFFFFFFFF), 1 << 16
HUGE, FAR_BEYOND = 1_000_000_000, 100


def told_seconds(path: str, container: Any, stream: Any) -> float | None:
    """Return the duration that the file's own header states, or None if it states none.

    Formats without a stated length get an estimate from bit rate and size, which proves nothing
    about truncation and so is not used.
    """
    name = container.format.name
    if name in ("wav", "w64"):
        return wav_seconds(path)
    if name == "mp3":
        return mp3_seconds(path)
    elif name == "ogg":
        return float("inf") if _ogg_is_cut(path) else None
    elif not name.startswith(("mov", "flac", "matroska", "avi", "aiff", "caf")):
        return None
    if not stream.duration or not stream.time_base:
        return None
    return float(stream.duration * stream.time_base)


def wav_seconds(path: str) -> float | None:
    """Duration by the RIFF chunks (the demuxer corrects a cut file's length silently)."""
    with open(path, "rb") as file:
        if file.read(4) != b"RIFF":
            return None
        file.seek(12)
        bytes_per_second = 0
        while len(header := file.read(8)) == 8:
            kind, size = header[:4], struct.unpack("<I", header[4:])[0]
            if kind == b"fmt " and size >= 16:
                bytes_per_second = struct.unpack("<8xI4x", file.read(16))[0]
                file.seek(size - 16 + size % 2, os.SEEK_CUR)
            elif kind == b"data":
                there = os.path.getsize(path) - file.tell()
                known = bytes_per_second and not is_placeholder(size, there)
                return size / bytes_per_second if known else None
            else:
                file.seek(size + size % 2, os.SEEK_CUR)
    return None


def is_placeholder(stated: int, there: int) -> bool:
    """Whether a stated size in bytes says nothing, as `there` bytes follow."""
    return (
        stated == 0
        or any(abs(stated - most) < BLOCK for most in MOST)
        or (stated >= HUGE and stated > FAR_BEYOND * there)
    )


def _ogg_is_cut(path: str) -> bool:
    """Whether the last page of an Ogg file is incomplete."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2 * MAX_OGG_PAGE))
        tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0:
        return False
    page = tail[last:]
    if len(page) < OGG_PAGE_HEAD or len(page) < OGG_PAGE_HEAD + page[26]:
        return True
    table = page[OGG_PAGE_HEAD : OGG_PAGE_HEAD + page[26]]
    return len(page) < OGG_PAGE_HEAD + len(table) + sum(table)
