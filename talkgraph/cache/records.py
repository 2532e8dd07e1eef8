"""Small checked JSON files: every changed byte is noticed.

A record file is ``{"check": "<digest of the body>", "record": <body>}``; the digest covers the
body's own bytes. This outer form is the same in every format of the store.
"""

from __future__ import annotations

import json
from typing import Any

from blake3 import blake3

from talkgraph.cache import disk
from talkgraph.cache.keys import FORMAT, digest_bytes, digest_tree

Record = dict[str, Any]
LARGEST = 1 << 24  # bytes of a record that is taken from elsewhere
LAST_MOMENT = 5e10  # s, Unix time in the year 3554; what is further from 1970 makes no date

_spell = json.JSONEncoder(allow_nan=False).encode
_parse = json.JSONDecoder().raw_decode
_HEAD = b'{"check": "'
_MIDDLE = b'", "record": '
_TAIL = b"}\n"


def write_record(path: disk.Name, record: Record, temporary: disk.Name, durable: bool) -> None:
    """Write a record atomically."""
    body = _spell(record).encode()
    parts = (_HEAD, digest_bytes(body).encode(), _MIDDLE, body, _TAIL)
    disk.write(path, [b"".join(parts)], temporary, durable)


def read_record(path: disk.Name) -> Record | None:
    """Read a record; None if there is none. ValueError if it is not what was written."""
    try:
        data = disk.operations.read(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    start = len(_HEAD) + 64 + len(_MIDDLE)
    body = data[start : -len(_TAIL)]
    expected = b"".join((_HEAD, blake3(body).hexdigest().encode(), _MIDDLE))
    if not data.startswith(expected) or not data.endswith(_TAIL):
        raise ValueError("its checksum does not match")
    try:
        record, _ = _parse(body.decode())
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(record, dict):
        raise ValueError("it is not a record")
    return record


def read_action(path: disk.Name, key: str) -> Record | None:
    """Read the record of a result; None if there is none, or only one of another format.

    Raises:
        ValueError, KeyError, TypeError: it is not what was written for this key.
    """
    record = read_record(path)
    if record is None or record["format"] != FORMAT:
        return None
    if record["key"] != key:
        raise ValueError("it belongs to another key")
    if record["digest"] != digest_tree(record["output"]):
        raise ValueError("its digest does not match")
    for one in (record.get("created", 0.0), record.get("seconds", 0.0)):
        if type(one) not in (int, float) or not abs(one) < LAST_MOMENT:
            raise ValueError("its times are none")
    if "created" not in record or not isinstance(record.get("notes", []), list):
        raise ValueError("it lacks what every record has")
    return record


def discard_unsound(path: disk.Name, key: str) -> None:
    """Remove a record that is not what was written; another may be there by now, which stays."""
    try:
        read_action(path, key)
    except OSError:
        pass
    except (ValueError, KeyError, TypeError):
        disk.discard(path)
