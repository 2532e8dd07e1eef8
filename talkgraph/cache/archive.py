"""Results in one file, to carry them to another store.

The file is a zip of uncompressed ``blobs/<digest><suffix>`` and then ``actions/<key>.json``, the
same bytes for the same results; any zip program lists it.

What is imported may come from strangers: members are read by name into a scratch folder, never to a
path of theirs, no more bytes of them than the file has, and all is checked, digests too, before the
first is published. What else the file may hold around its members is not looked at.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

import attrs

from talkgraph.cache import disk, upkeep
from talkgraph.cache.codecs import references
from talkgraph.cache.keys import digest_file
from talkgraph.cache.records import LARGEST, Record, read_action
from talkgraph.cache.store import Store
from talkgraph.errors import DamagedError, InputError, StoreError

_EMPTY = 22  # bytes of a zip without members
_PIECE = 1 << 20  # bytes read at a time
_NAME = re.compile(r"blobs/[0-9a-f]{64}(\.[A-Za-z0-9]{1,12})?|actions/[0-9a-f]{64}\.json")
_ODD = (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError)
"""What reading a zip raises that is cut, forged, encrypted or of an unknown kind."""


@attrs.frozen
class Moved:
    """What was exported or imported. bytes: size of the archive; known: results already here."""

    results: int
    blobs: int
    bytes: int
    known: int = 0


def export(store: Store, target: str | os.PathLike[str], *chosen: str) -> Moved:
    """Write results and all that they need to one file, which is there whole or not at all.

    Args:
        chosen: as for `upkeep.named`; all of a name are taken. None: every result.

    Raises:
        StoreError: there is no such result, one is not whole, or the file cannot be written.
    """
    target = Path(target)
    wanted = [upkeep.named(store, name) for name in chosen] or [upkeep.entries(store)]
    keys = sorted({entry.key for entries in wanted for entry in entries})
    with store.in_use() as pin:
        members: dict[str, Path] = {}
        for key in keys:
            pin(key)
            members[f"actions/{key}.json"] = store.action_path(key)
            members.update(_blobs_of(store, key))
        try:
            disk.write(target, _archive(members), target.parent, True)
        except OSError as error:
            if error.errno == errno.ENOENT and error.filename in map(str, members.values()):
                raise StoreError("a result was removed while it was exported; try again") from error
            raise StoreError(f"{target} cannot be written: {error.strerror}") from error
    return Moved(len(keys), len(members) - len(keys), target.stat().st_size)


def _blobs_of(store: Store, key: str) -> Iterator[tuple[str, Path]]:
    try:
        record = store.action(key)
        if record is None:
            raise DamagedError("it was removed meanwhile")
        for blob in references(record["output"]):
            yield f"blobs/{blob[0]}{blob[1]}", store.blobs.check(*blob)
    except DamagedError as error:
        raise StoreError(
            f"result {key[:12]} is not whole ({error}); verify the store, then export again"
        ) from error


class _Written(list[bytes]):
    """A file to write, of which the pieces are taken away."""

    def write(self, piece: bytes) -> int:
        self.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        joined = b"".join(self)
        self.clear()
        return joined


def _archive(members: dict[str, Path]) -> Iterator[bytes]:
    written = _Written()
    with zipfile.ZipFile(written, "w") as archive:  # type: ignore[call-overload]
        for name, path in sorted(members.items(), reverse=True):  # records after what they need
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # whatever the system: equal archives are equal
            with path.open("rb") as source:
                entry.file_size = os.fstat(source.fileno()).st_size
                with archive.open(entry, "w") as member:
                    while piece := source.read(_PIECE):
                        member.write(piece)
                        yield written.taken()
    yield written.taken()


def import_(store: Store, path: str | os.PathLike[str]) -> Moved:
    """Take in the results of an archive that a stranger may have made; all of them or none.

    Raises:
        InputError: it is damaged, or not of the kind that `export` writes; nothing was taken.
        StoreError: the store cannot be written.
    """
    path = Path(path)
    with store.scratch() as folder, store.in_use() as pin:
        try:
            if path.exists() and not path.is_file():
                raise InputError("it is not a regular file")
            with path.open("rb") as file:
                unpacked = _unpack(file, folder, store.path)
            records = _check(unpacked)
        except InputError as error:
            raise InputError(f"{path}: {error}; nothing was imported") from error.__cause__
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}; check it") from error
        known = 0
        for record in records:
            pin(record["key"])
            if _is_here(store, record["key"]):
                known += 1
                continue
            for blob in references(record["output"]):
                temp = unpacked[f"blobs/{blob[0]}{blob[1]}"]
                if temp.exists():  # else a result before this one has needed it too
                    store.blobs.adopt(blob, temp)
            with disk.guarded(store.path):
                temp = unpacked[f"actions/{record['key']}.json"]
                disk.publish(temp, store.action_path(record["key"]), store.durable)
            store.made(record["key"])
    return Moved(len(records), len(unpacked) - len(records), path.stat().st_size, known)


def _is_here(store: Store, key: str) -> bool:
    with contextlib.suppress(DamagedError):
        record = store.action(key)
        return record is not None and store.complete(record)
    return False


def _unpack(file: IO[bytes], folder: Path, root: Path) -> dict[str, Path]:
    """Name -> temporary file of everything in the archive, blobs verified; InputError."""
    found: dict[str, Path] = {}
    folded: set[str] = set()
    left = length = os.fstat(file.fileno()).st_size  # bytes that there can be
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                name = entry.filename
                left -= entry.file_size
                stored = not entry.compress_type and entry.compress_size == entry.file_size
                if not _NAME.fullmatch(name) or not stored or left < 0:
                    raise InputError(_STRANGE)
                if name.lower() in folded:
                    raise InputError(f"it holds {name[:20]}... twice")
                folded.add(name.lower())
                if name.startswith("actions/") and entry.file_size > LARGEST:
                    raise InputError(f"the record {name[8:20]}... is larger than any of ours")
                with archive.open(entry) as member, disk.guarded(root):
                    pieces = iter(partial(member.read, _PIECE), b"")
                    found[name] = Path(disk.draft(pieces, folder, False))
                if name.startswith("blobs/") and digest_file(found[name]) != name[6:70]:
                    raise InputError(f"the content of {name[:18]}... is not what its name says")
    except _ODD as error:
        raise InputError(_STRANGE) from error
    if not found and length > _EMPTY:
        raise InputError(_STRANGE)
    return found


_STRANGE = "it is cut, damaged, or not made by an export"


def _check(unpacked: dict[str, Path]) -> list[Record]:
    """The records of an archive, each in itself sound and with all of its blobs; InputError."""
    records = []
    needed: set[str] = set()
    for name, path in unpacked.items():
        if name.startswith("actions/"):
            key = name[8:72]
            try:
                record = read_action(path, key)
                if record is None:
                    continue  # of another format: it will be one file too many
                blobs = references(record["output"])
            except (ValueError, KeyError, TypeError, RecursionError, DamagedError) as error:
                raise InputError(f"the record of result {key[:12]} is unsound") from error
            for digest, suffix, size in blobs:
                member = f"blobs/{digest}{suffix}"
                if member not in unpacked or unpacked[member].stat().st_size != size:
                    raise InputError(f"result {key[:12]} lacks a file")
                needed.add(member)
            records.append(record)
    if len(needed) + len(records) != len(unpacked):
        raise InputError("it holds a file that no result needs")
    return records
