"""Reads the numeric arrays of a MATLAB 5 file, and nothing else.

SciPy's reader ends the process on damaged files (a wrong count of dimensions is enough), and these
files come from users. Layout: "MAT-File Format", The MathWorks, chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = 128  # bytes
_MATRIX, _COMPRESSED = 14, 15
_STORED = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8",
           12: "<i8", 13: "<u8"}  # fmt: skip
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4",
            14: "i8", 15: "u8"}  # fmt: skip
_COMPLEX = 0x800
_LARGEST = 1 << 30  # bytes of one array, against compressed bombs


def read_matlab(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """The named numeric arrays, as far as they are there; others are passed over.

    Raises:
        ValueError: it is not a little-endian MATLAB 5 file, or a named array is damaged or not real
            numbers.
        OSError: it cannot be read.
    """
    data = memoryview(Path(path).read_bytes())
    if bytes(data[124:_HEADER]) != b"\x00\x01IM":
        raise ValueError("it is not a MATLAB 5 file")
    found = {}
    for kind, body in _elements(data[_HEADER:]):
        if kind == _COMPRESSED:
            body = _unpacked(body)
            if len(body) < 8 or struct.unpack_from("<I", body)[0] != _MATRIX:
                continue
            body = body[8:]
        elif kind != _MATRIX:
            continue
        parts = list(islice(_elements(body), 4))
        name = bytes(parts[2][1]).decode("ascii", "replace") if len(parts) > 2 else ""
        if name in names:
            if len(parts) < 4:
                raise ValueError(f"its array {name} is cut off")
            found[name] = _array(bytes(parts[0][1]), bytes(parts[1][1]), *parts[3])
    return found


def _elements(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Type and content of the elements that follow one another; ValueError where one is cut."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        start, step = at + 8, 8 + size
        if kind >> 16:  # up to four bytes lie within the tag
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 8
            if size > 4:
                raise ValueError("one of its elements is damaged")
        elif kind != _COMPRESSED:
            step += -size % 8
        if start + size > len(data):
            raise ValueError("it is cut off")
        yield kind, data[start : start + size]
        at += step


def _unpacked(data: memoryview) -> memoryview:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, _LARGEST)
    except zlib.error as error:
        raise ValueError(f"it is damaged ({error})") from None
    return memoryview(content)


def _array(flags: bytes, shape: bytes, kind: int, data: memoryview) -> NDArray[Any]:
    if len(flags) != 8 or flags[0] not in _CLASSES or flags[1] & (_COMPLEX >> 8):
        raise ValueError("one of its arrays is not of real numbers")
    if kind not in _STORED or not shape or len(shape) % 4 or len(shape) > 128:
        raise ValueError("one of its arrays is damaged")
    sides = struct.unpack(f"<{len(shape) // 4}i", shape)
    stored = np.dtype(_STORED[kind])
    if min(sides) < 0 or math.prod(sides) * stored.itemsize != len(data):
        raise ValueError(f"one of its arrays is not of its size {sides}")
    array = np.frombuffer(data, stored).reshape(sides, order="F")
    return array.astype(_CLASSES[flags[0]])
