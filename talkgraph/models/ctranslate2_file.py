"""Read the weights in a CTranslate2 `model.bin` as data: named arrays, every size checked.

Layout of binary version 6, little-endian: u32 version, string kind of model, u32 its revision,
u32 count; per variable: string name, u8 rank, u32 per axis, u8 type, u32 bytes, data; then u32
count of aliases, of two strings each. A string is a u16 length and as many bytes, the last a NUL.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError

_VERSION = 6
_TYPES = tuple(map(np.dtype, ("<f4", "i1", "<i2", "<i4", "<f2")))  # by their number in the file
_MOST_AXES = 4

Variables = dict[str, NDArray[Any]]


def read_variables(data: bytes) -> Variables:
    """Every variable of the file by its name; the arrays are views of `data`.

    Raises:
        ModelError: another format or version, a size that does not fit, or bytes too many.
    """
    file = _File(data)
    version = file.number("I")
    if version != _VERSION:
        raise ModelError(
            f"the weights are no CTranslate2 file of version {_VERSION} (found {version}): "
            "take the published model.bin"
        )
    file.text()
    file.number("I")
    variables: Variables = {}
    for _ in range(file.number("I")):
        name = file.text()
        if name in variables:
            raise ModelError(f"the weights hold '{name}' twice: fetch them again")
        variables[name] = file.array(name)
    for _ in range(file.number("I")):
        file.text()
        file.text()
    file.check_end()
    return variables


class _File:
    """Takes one thing after the other, and never more than there is."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self, kind: str) -> int:
        value: int
        (value,) = struct.unpack("<" + kind, self._take(struct.calcsize("<" + kind)))
        return value

    def text(self) -> str:
        raw = self._take(self.number("H"))
        try:
            return raw.removesuffix(b"\0").decode()
        except UnicodeDecodeError as error:
            raise ModelError("the weights hold a name that is no text: fetch them again") from error

    def array(self, name: str) -> NDArray[Any]:
        axes = self.number("B")
        if axes > _MOST_AXES:
            raise ModelError(f"'{name}' in the weights has {axes} axes: fetch them again")
        shape = [self.number("I") for _ in range(axes)]
        kind, size = self.number("B"), self.number("I")
        if kind >= len(_TYPES):
            raise ModelError(f"'{name}' in the weights is of the unknown type {kind}")
        if size != math.prod(shape) * _TYPES[kind].itemsize:
            raise ModelError(
                f"'{name}' in the weights has {size} bytes for shape {shape}: fetch them again"
            )
        return np.frombuffer(self._take(size), _TYPES[kind]).reshape(shape)

    def check_end(self) -> None:
        if self._at != len(self._data):
            raise ModelError(
                f"the weights have {len(self._data) - self._at} bytes too many: fetch them again"
            )

    def _take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise ModelError("the weights are cut short: fetch them again")
        self._at += size
        return self._data[self._at - size : self._at]
