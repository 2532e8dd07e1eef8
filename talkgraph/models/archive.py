"""Read named members of a zip or tar.gz into memory, within bounds; nothing is ever unpacked.

Only regular files whose name in the archive is exactly the one asked for are read, and names
from an archive never become paths, so links, `..`, absolute names and devices lead nowhere.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

from talkgraph.errors import ModelError

_TAR_LIMIT = 512 * 2**20  # bytes of an unpacked tar that are read at most, against bombs


def read_zip(path: Path, members: dict[str, int]) -> dict[str, bytes]:
    """Read `members` (name -> exact size in bytes) of the zip file at `path`.

    Raises:
        ModelError: no zip, a member is missing, of another size, not a regular file, or damaged.
    """
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name, size in members.items():
                try:
                    info = archive.getinfo(name)
                except KeyError:
                    raise _missing(path, name) from None
                kind = info.external_attr >> 28  # 8: regular file, 0: not stated
                if info.is_dir() or kind not in (0, 8) or info.file_size != size:
                    raise _unexpected(path, name)
                with archive.open(info) as member:
                    found[name] = member.read(size + 1)
                if len(found[name]) != size:
                    raise _unexpected(path, name)
    except ModelError:
        raise
    except Exception as error:  # on damaged files zipfile and its codecs raise nearly anything
        raise _damaged(path, error) from error
    return found


def read_tar(path: Path, members: dict[str, int]) -> dict[str, bytes]:
    """Read `members` (name -> exact size in bytes) of the .tar.gz at `path`; errors as above."""
    found: dict[str, bytes] = {}
    try:
        with (
            gzip.open(path) as unpacked,
            tarfile.open(fileobj=_Bounded(unpacked, path), mode="r|") as archive,
        ):
            for info in archive:
                if info.name not in members or info.name in found:
                    continue
                if not info.isreg() or info.size != members[info.name]:
                    raise _unexpected(path, info.name)
                member = archive.extractfile(info)
                found[info.name] = member.read(info.size) if member else b""
                if len(found[info.name]) != info.size:
                    raise _unexpected(path, info.name)
                if len(found) == len(members):
                    return found
    except ModelError:
        raise
    except Exception as error:  # likewise tarfile
        raise _damaged(path, error) from error
    raise _missing(path, next(name for name in members if name not in found))


class _Bounded(io.RawIOBase):
    """A stream that refuses to deliver more than the limit."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self._stream, self._path, self._left = stream, path, _TAR_LIMIT

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise ModelError(f"{self._path.name} unpacks to more than {_TAR_LIMIT} bytes: refused")
        data = self._stream.read(size)
        self._left -= len(data)
        return data


def _missing(path: Path, name: str) -> ModelError:
    return ModelError(f"{path.name} holds no file '{name}': it is not the expected package")


def _unexpected(path: Path, name: str) -> ModelError:
    return ModelError(f"'{name}' in {path.name} is not the expected file: it was not used")


def _damaged(path: Path, error: Exception) -> ModelError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return ModelError(f"{path.name} is damaged ({reason}): fetch it again")
