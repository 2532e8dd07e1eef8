"""Small checked JSON files: every changed byte is noticed.

A record file is ``{"check": "<digest of the body>", "record": <body>}``; the digest covers the
body's own bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from talkgraph.cache.disk import write
from talkgraph.cache.keys import digest_bytes

Record = dict[str, Any]

_HEAD = b'{"check": "'
_MIDDLE = b'", "record": '
_TAIL = b"}\n"


def write_record(path: Path, record: Record, temporary: Path, durable: bool) -> None:
    """Write a record atomically."""
    body = json.dumps(record, allow_nan=False).encode()
    data = b"".join((_HEAD, digest_bytes(body).encode(), _MIDDLE, body, _TAIL))

    def fill(file: Any) -> None:
        file.write(data)

    write(path, fill, temporary, durable)


def read_record(path: Path) -> Record | None:
    """Read a record; None if there is none. ValueError if it is not what was written."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    start = len(_HEAD) + 64 + len(_MIDDLE)
    body = data[start : -len(_TAIL)]
    expected = b"".join((_HEAD, digest_bytes(body).encode(), _MIDDLE))
    if data[:start] != expected or data[-len(_TAIL) :] != _TAIL:
        raise ValueError("its checksum does not match")
    try:
        record = json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(record, dict):
        raise ValueError("it is not a record")
    return record
