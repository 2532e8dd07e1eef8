"""Results in one file, to carry them to another store: `cache export` and `cache import`.

The file is an uncompressed tar of regular files, ``blobs/<digest><suffix>`` and then
``actions/<key>.json``, the same bytes for the same results; any tar program lists it.

What is imported may come from strangers, and no general reader of archives is let loose on it: an
entry is taken only if its header is, byte for byte, the one that `export` writes for that name and
size, so that links, devices, paths, long names and extensions have no way in. All is unpacked to a
scratch folder and checked, digests too, before the first file is published.
"""

from __future__ import annotations

import contextlib
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import attrs

from talkgraph.cache import disk, upkeep
from talkgraph.cache.codecs import references
from talkgraph.cache.keys import digest_file
from talkgraph.cache.records import LARGEST, Record, read_action
from talkgraph.errors import DamagedError, InputError, StoreError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

_BLOCK = 512  # bytes; a tar consists of blocks
_PIECE = 1 << 20  # bytes read at a time
_END = bytes(2 * _BLOCK)
_NAME = re.compile(r"blobs/[0-9a-f]{64}(\.[A-Za-z0-9]{1,12})?|actions/[0-9a-f]{64}\.json")


@attrs.frozen
class Moved:
    """What was exported or imported. bytes: size of the archive; known: results already here."""

    results: int
    blobs: int
    bytes: int
    known: int = 0


def export(store: Store, target: Path, chosen: Sequence[str] = ()) -> Moved:
    """Write results and all that they need to one file, which is there whole or not at all.

    Args:
        chosen: as for `upkeep.named`; all of a name are taken. None: every result.

    Raises:
        StoreError: there is no such result, one is not whole, or the file cannot be written.
    """
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
            if isinstance(error, FileNotFoundError) and error.filename in map(
                str, members.values()
            ):
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
            f"result {key[:12]} is not whole ({error}); "
            "`talkgraph cache verify` removes what is damaged, then export again"
        ) from error


def _archive(members: dict[str, Path]) -> Iterator[bytes]:
    for name, path in sorted(members.items(), reverse=True):  # records after what they need
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            yield _header(name, size)
            yield from _pieces(file, size)
            yield bytes(-size % _BLOCK)
    yield _END


def _header(name: str, size: int) -> bytes:
    """The one header that a file of this name and size may have."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf(tarfile.GNU_FORMAT)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(_PIECE, size))
        if not piece:
            raise InputError("it ends too early")
        yield piece
        size -= len(piece)


# -- import ------------------------------------------------------------------------------------


def import_(store: Store, path: Path) -> Moved:
    """Take in the results of an archive that a stranger may have made; all of them or none.

    Raises:
        InputError: it is damaged, or not of the kind that `export` writes; nothing was taken.
        StoreError: the store cannot be written.
    """
    with store.scratch() as folder, store.in_use() as pin:
        try:
            if path.exists() and not path.is_file():
                raise InputError("it is not a regular file")
            with path.open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                with disk.guarded(store.path):
                    unpacked = _unpack(file, length, folder)
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
            with disk.guarded(store.path), store.sending(record):
                temp = unpacked[f"actions/{record['key']}.json"]
                disk.publish(temp, store.action_path(record["key"]), store.durable)
    return Moved(len(records), len(unpacked) - len(records), length, known)


def _is_here(store: Store, key: str) -> bool:
    with contextlib.suppress(DamagedError):
        record = store.action(key)
        return record is not None and store.complete(record)
    return False


def _unpack(file: BinaryIO, length: int, folder: Path) -> dict[str, Path]:
    """Name -> temporary file of everything in the archive, blobs verified; InputError."""
    found: dict[str, Path] = {}
    folded: set[str] = set()
    while (header := file.read(_BLOCK)) != bytes(_BLOCK):
        name, size = _parse(header)
        if size > length - file.tell():
            raise InputError("it ends too early")
        if name.lower() in folded:
            raise InputError(f"it holds {name[:20]}... twice")
        folded.add(name.lower())
        if name.startswith("actions/") and size > LARGEST:
            raise InputError(f"the record {name[8:20]}... is larger than any of ours")
        found[name] = Path(disk.draft(_pieces(file, size), folder, False))
        if name.startswith("blobs/") and digest_file(found[name]) != name[6:70]:
            raise InputError(f"the content of {name[:18]}... is not what its name says")
        file.seek(-size % _BLOCK, os.SEEK_CUR)
    if file.read(_BLOCK) != bytes(_BLOCK):
        raise InputError("its end is missing")
    while piece := file.read(_PIECE):
        if piece.strip(b"\0"):
            raise InputError("something follows its end")
    return found


def _parse(header: bytes) -> tuple[str, int]:
    """Name and size of an entry; InputError unless `export` would have written this header."""
    try:
        entry = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        name, size = entry.name, entry.size
        if _NAME.fullmatch(name) and size >= 0 and _header(name, size) == header:
            return name, size
    except (tarfile.HeaderError, ValueError):
        pass
    raise InputError("it is cut, damaged, or not made by `talkgraph cache export`")


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
