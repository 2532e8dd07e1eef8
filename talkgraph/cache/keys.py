"""Digests: BLAKE3 of bytes, and of trees of plain JSON under a domain tag.

BLAKE3 is a cryptographic hash (a shared store may be fed by strangers) at several times the speed
of SHA-256. Trees are hashed in one canonical spelling, in a key space apart from that of bytes, so
that no file content can pass for a tree.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blake3 import blake3

FORMAT = 2  # raise it when the meaning of stored artifacts or keys changes: nothing old is then hit
_TREE = f"talkgraph 2025 tree, format {FORMAT}"
_LARGE = 1 << 24  # bytes from which hashing with several threads pays
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")

Tree = Any  # None, bool, int, str, and lists and string-keyed dicts of trees

canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode
"""The one spelling of a tree."""


def hasher(size: int) -> blake3:
    """What computes the digest of `size` bytes, fed to it in pieces."""
    return blake3(max_threads=blake3.AUTO if size >= _LARGE else 1)


def digest_bytes(*parts: Any) -> str:
    """Digest of the concatenation of bytes-like `parts`, 64 hexadecimal digits."""
    views = [memoryview(part) for part in parts]
    growing = hasher(sum([view.nbytes for view in views]))
    for view in views:
        growing.update(view.cast("B") if view.nbytes else b"")
    return growing.hexdigest()


def digest_file(path: str | Path) -> str:
    """Digest of a file's content, streamed; equal to `digest_bytes` of the same bytes.

    Read, not mapped into memory: a mapped file that somebody cuts kills the process.
    """
    with open(path, "rb", buffering=0) as file:
        growing = hasher(os.fstat(file.fileno()).st_size)
        for part in file_parts(file):
            growing.update(part)
    return growing.hexdigest()


def file_parts(file: io.FileIO) -> Iterator[memoryview]:
    """The rest of a file in pieces, each valid until the next is asked for."""
    view = memoryview(bytearray(1 << 20))
    while size := file.readinto(view):
        yield view[:size]


def digest_tree(tree: Tree) -> str:
    """Digest of a tree of plain JSON values; the order of dict keys does not count."""
    return blake3(canonical(tree).encode(), derive_key_context=_TREE).hexdigest()


def is_digest(text: object) -> bool:
    """Whether `text` is spelled like a digest, and so is safe as a file name."""
    return isinstance(text, str) and _DIGEST.match(text) is not None
