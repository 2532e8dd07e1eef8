"""A stretch of a file, as a file of its own."""

from __future__ import annotations

import io
import os
from typing import Any, BinaryIO


class Part(io.RawIOBase):
    """The bytes from `start` to `end` of an open file, which other parts may share."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, end - start, 0

    def seekable(self) -> bool:
        """Any place can be read."""
        return True

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of the part."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The place that is read next."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read on, up to the end of the part."""
        view = memoryview(buffer).cast("B")
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(view), self._size - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
