"""Blobs: files named by the digest of their content, written once, verified when read.

A small blob is hashed at every read. A large one is memory-mapped; it is hashed once, and the stamp
(size, times, inode) that it had then is remembered, so that later reads cost one `stat`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from talkgraph.cache import disk
from talkgraph.cache.codecs import (
    AnyArray,
    array_bytes,
    array_leaf,
    plain_array,
    reference,
    safe_suffix,
)
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames, Pictures
from talkgraph.cache.keys import Tree, digest_file
from talkgraph.errors import DamagedError

SMALL = 1 << 20  # bytes up to which a blob is read whole and hashed every time
_OPEN_CHUNKS = 8  # chunks of one Frames that stay mapped


class Blobs:
    """The blobs of one store. Also the `Source` that decodes trees."""

    def __init__(self, root: Path, *, durable: bool) -> None:
        self.root = root
        self.folder = root / "blobs"
        self.temporary = root / "tmp"
        self.durable = durable
        self._verified: dict[str, dict[str, disk.Stamp]] = {}  # shard -> file name -> stamp

    def path(self, digest: str, suffix: str) -> Path:
        """Where a blob lies, whether or not it is there."""
        return self.folder / digest[:2] / (digest + suffix)

    def present(self, digest: str, suffix: str, size: int) -> bool:
        """Whether a blob of the right size is there; content unseen."""
        try:
            return os.stat(self.path(digest, suffix)).st_size == size
        except OSError:
            return False

    # -- writing -------------------------------------------------------------------------------

    def put_array(self, array: AnyArray) -> Tree:
        """Store an array; returns its leaf."""
        plain = plain_array(array, "array")
        leaf, header = array_leaf(plain)

        def fill(file: BinaryIO) -> None:
            file.write(header)
            file.write(array_bytes(plain))

        self._put(leaf, fill)
        return leaf

    def put_file(self, path: Path, *, move: bool) -> Tree:
        """Store a file's content, by rename where `move` allows it; returns its leaf."""
        if path.parent.parent == self.folder:  # already a blob: its name is its digest
            leaf = {"blob": path.name[:64], "size": path.stat().st_size, "suffix": path.name[64:]}
            self.check(*reference(leaf))
            return leaf
        leaf = {"blob": digest_file(path), "size": path.stat().st_size, "suffix": safe_suffix(path)}
        if move:
            self._put_moved(leaf, path)
        else:
            with path.open("rb") as source:
                self._put(leaf, lambda file: shutil.copyfileobj(source, file, 1 << 20))
        return leaf

    def _put(self, leaf: Tree, fill: Callable[[BinaryIO], None]) -> None:
        if not self._stored(leaf):
            target = self.path(*reference(leaf)[:2])
            with disk.guarded(self.root):
                disk.write(target, fill, self.temporary, self.durable)
                self._settle(target, leaf)

    def _put_moved(self, leaf: Tree, path: Path) -> None:
        if self._stored(leaf):
            return
        target = self.path(*reference(leaf)[:2])
        with disk.guarded(self.root):
            if self.durable:
                disk.sync_file(path)
            disk.publish(path, target, self.durable)
            self._settle(target, leaf)

    def _stored(self, leaf: Tree) -> bool:
        try:
            self.check(*reference(leaf))
        except DamagedError:
            return False
        return True

    def _settle(self, target: Path, leaf: Tree) -> None:
        os.chmod(target, 0o444)
        if leaf["size"] > SMALL:  # we hashed what we wrote
            self._remember(target.name, disk.stamp(target))

    # -- reading -------------------------------------------------------------------------------

    def check(self, digest: str, suffix: str, size: int) -> Path:
        """The path of a blob whose content is certain; DamagedError (and gone) if it is not."""
        path = self.path(digest, suffix)
        try:
            mark = disk.stamp(path)
            if mark[0] != size:
                self._discard(path, "is cut" if mark[0] < size else "has grown")
            if self._shard(path.name).get(path.name) != mark:
                if digest_file(path) != digest:
                    self._discard(path, "has changed content")
                if mark[0] > SMALL:
                    self._remember(path.name, mark)
        except OSError as error:
            raise DamagedError(f"stored file {path} is gone ({error.strerror})") from error
        return path

    def array(self, leaf: Tree) -> AnyArray:
        """The array of a leaf, read-only; memory-mapped unless small."""
        return self._open(self.check(*reference(leaf)), leaf)

    def file(self, leaf: Tree) -> File:
        """The file of a leaf, in the store."""
        return File(self.check(*reference(leaf)))

    def frames(self, leaf: Tree) -> Frames:
        """The frames of a leaf; all chunks are verified now and mapped when they are read."""
        size, chunks = int(leaf["chunk"]), leaf["chunks"]
        count, (height, width, channels) = int(leaf["count"]), leaf["shape"]
        if size < 1 or len(chunks) != -(-count // size):
            raise DamagedError("stored frames lack a chunk")
        for chunk in chunks:
            self.check(*reference(chunk))
        opened: OrderedDict[int, AnyArray] = OrderedDict()

        def chunk_at(index: int) -> AnyArray:
            found = opened.pop(index, None)
            if found is None:
                path = self.path(*reference(chunks[index])[:2])
                try:
                    found = self._open(path, chunks[index])
                except OSError as error:
                    raise DamagedError(f"stored file {path} is gone") from error
            opened[index] = found
            if len(opened) > _OPEN_CHUNKS:
                opened.popitem(last=False)
            return found

        def read(start: int, stop: int) -> Pictures:
            first, last = start // size, (stop - 1) // size
            parts = [
                chunk_at(i)[max(start - i * size, 0) : stop - i * size]
                for i in range(first, last + 1)
            ]
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

        frames = Frames(count, (height, width, channels), read)
        frames.stored = (self.root, leaf)
        return frames

    def _open(self, path: Path, leaf: Tree) -> AnyArray:
        shape, dtype, size = tuple(leaf["shape"]), np.dtype(leaf["dtype"]), leaf["size"]
        if dtype.hasobject:
            raise DamagedError(f"stored file {path} holds objects")
        offset = size - int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if size <= SMALL:
            flat = np.frombuffer(path.read_bytes(), np.uint8)[offset:]
            return flat.view(dtype).reshape(shape) if flat.size else np.empty(shape, dtype)
        return np.asarray(np.memmap(path, dtype, "r", offset, shape))

    def _discard(self, path: Path, what: str) -> None:
        with contextlib.suppress(OSError):
            path.unlink()
        raise DamagedError(f"stored file {path} {what}")

    # -- the memo of verified blobs -------------------------------------------------------------

    def _shard_path(self, name: str) -> Path:
        return self.root / "memo" / "verified" / name[:2]

    def _shard(self, name: str) -> dict[str, disk.Stamp]:
        shard = self._verified.get(name[:2])
        if shard is None:
            shard = self._verified[name[:2]] = {}
            with contextlib.suppress(OSError):
                for line in self._shard_path(name).read_text(errors="replace").splitlines():
                    parts = line.split()
                    if len(parts) == 5 and all(part.isdecimal() for part in parts[1:]):
                        shard[parts[0]] = (
                            int(parts[1]), int(parts[2]), int(parts[3]), int(parts[4]),
                        )  # fmt: skip
        return shard

    def _remember(self, name: str, mark: disk.Stamp) -> None:
        self._shard(name)[name] = mark
        path = self._shard_path(name)
        with contextlib.suppress(OSError):  # only a memo: without it the blob is hashed again
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(f"{name} {mark[0]} {mark[1]} {mark[2]} {mark[3]}\n")
