"""Arrays and frames as leaves of trees: their one spelling, their digest, small ones inline."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.cache.keys import Tree, digest_bytes
from talkgraph.errors import DamagedError, KeyingError

INLINE = 4096  # bytes up to which an array is part of the tree: a blob costs more than it weighs
_PLAIN_KINDS = "biufcSUmM"  # array kinds whose bytes are their meaning

AnyArray = NDArray[Any]


def plain_array(array: AnyArray, where: str) -> AnyArray:
    """The array C-contiguous and little-endian; KeyingError for kinds whose bytes say nothing."""
    dtype = array.dtype
    if dtype.kind not in _PLAIN_KINDS or dtype.char in "gG":
        raise KeyingError(
            f"{where}: an array of {dtype} has no defined digest; use numbers, booleans or text"
        )
    little = dtype.newbyteorder("<") if dtype.byteorder != "|" else dtype
    return np.asarray(array, dtype=little, order="C")


def npy_header(array: AnyArray) -> bytes:
    """The .npy version 1.0 header of a plain array, spelled the same by every NumPy version."""
    shape = "(" + "".join(f"{size}, " for size in array.shape).rstrip(" ") + ")"
    if array.ndim > 1:
        shape = shape[:-2] + ")"
    text = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': {shape}, }}"
    padding = -(10 + len(text) + 1) % 64
    body = (text + " " * padding + "\n").encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


def array_bytes(array: AnyArray) -> memoryview:
    """The bytes of a plain array, without a copy."""
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")


def array_leaf(array: AnyArray) -> tuple[Tree, bytes]:
    """The leaf of a plain array and the header of its .npy file; hashes the content."""
    header = npy_header(array)
    digest = digest_bytes(header, array_bytes(array))
    size = len(header) + array.nbytes
    leaf = {"blob": digest, "size": size, "dtype": array.dtype.str, "shape": list(array.shape)}
    return leaf, header


def inline_leaf(array: AnyArray) -> Tree:
    """The leaf of a plain array that holds the content itself."""
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def inline_array(leaf: Tree) -> AnyArray:
    """The array, read-only, of an `inline_leaf`."""
    dtype = np.dtype(leaf["dtype"])
    if dtype.kind not in _PLAIN_KINDS:
        raise DamagedError("a stored result holds objects")
    data, shape = base64.b64decode(leaf["data"], validate=True), tuple(leaf["shape"])
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise DamagedError("a stored array is not of the size that it states")
    return np.ndarray(shape, dtype, data)


def frames_leaf(frames: Frames, chunks: list[Tree]) -> Tree:
    """The leaf of frames whose chunk leaves are known."""
    return {"count": frames.count, "shape": list(frames.shape), "chunk": CHUNK, "chunks": chunks}


def chunk_leaf(digest: str, shape: tuple[int, ...]) -> Tree:
    """The leaf of a frame chunk, `shape` (n, H, W, C), whose digest is known."""
    empty: AnyArray = np.broadcast_to(np.zeros((), np.uint8), shape)
    size = len(npy_header(empty)) + empty.size
    return {"blob": digest, "size": size, "dtype": "|u1", "shape": list(shape)}


def checked_chunk(frames: Frames, start: int, stop: int) -> AnyArray:
    """Frames `start` to `stop` as a plain array; ValueError if they are not what was promised."""
    chunk = frames[start:stop]
    expected = (stop - start, *frames.shape)
    if chunk.shape != expected or chunk.dtype != np.uint8:
        raise ValueError(
            f"frames {start} to {stop} are {chunk.shape} {chunk.dtype}, promised {expected} uint8"
        )
    return np.ascontiguousarray(chunk)
