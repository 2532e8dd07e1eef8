"""Blobs: files named by the digest of their content, written once, verified when read.

A small blob is hashed at every read. A large one is memory-mapped; it is hashed once, and the stamp
(size, times, inode) that it had then is remembered, so that later reads cost one `stat`.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from talkgraph.cache import disk, trash
from talkgraph.cache.arrays import AnyArray, array_bytes, array_leaf, chunk_leaf, plain_array
from talkgraph.cache.codecs import reference, safe_suffix
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames, Pictures
from talkgraph.cache.keys import Tree, digest_bytes, digest_file, file_parts, hasher
from talkgraph.cache.memos import Memos
from talkgraph.errors import DamagedError

SMALL = 1 << 20  # bytes up to which a blob is read whole and hashed every time
_OPEN_CHUNKS = 8  # chunks of one Frames that stay mapped
_READ_ONLY = 0o444 if os.name == "posix" else 0o666  # Windows would never let it go again

T = TypeVar("T")
Blob = tuple[str, str, int]
"""Digest, suffix and size of a blob."""


class Blobs:
    """The blobs of one store. Also the `Source` that decodes trees."""

    def __init__(
        self,
        root: Path,
        pin: Callable[[str], None],
        fetch: Callable[[Iterable[Blob]], bool],
        memos: Memos,
        *,
        durable: bool,
    ) -> None:
        self.root = root
        self.folder = root / "blobs"
        self.temporary = root / "tmp"
        self.durable = durable
        self.pin = pin  # told each digest that a result is to rely on, before it is looked for
        self.written = 0  # bytes, since this process opened the store
        self._fetch = fetch  # brings what is not here, and says whether it came
        self._memos = memos
        self._verified: dict[str, disk.Stamp] = {}  # file name -> stamp when it was hashed

    def path(self, digest: str, suffix: str) -> Path:
        """Where a blob lies, whether or not it is there."""
        return Path(f"{self.folder}/{digest[:2]}/{digest}{suffix}")

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
        with disk.guarded(self.root):
            if not self._stored(leaf):
                parts = (header, array_bytes(plain))
                self._publish(disk.draft(parts, self.temporary, self.durable, _READ_ONLY), leaf)
        return leaf

    def put_file(self, path: Path, *, move: bool) -> Tree:
        """Store a file's content, by rename where `move` allows it; returns its leaf."""
        with disk.guarded(self.root):
            if path.parent.parent == self.folder:  # already a blob: its name is its digest
                self.pin(path.name[:64])
                size = self._size(path)
                leaf = {"blob": path.name[:64], "size": size, "suffix": path.name[64:]}
                self.check(*reference(leaf))
                return leaf
            if not move:
                return self._copy(path)
            before = disk.stamp(path)
            leaf = {"blob": digest_file(path), "size": before[0], "suffix": safe_suffix(path)}
            if not self._stored(leaf):
                self._move(path, leaf, before)
            return leaf

    def adopt(self, blob: Blob, path: Path) -> None:
        """Take in a file by rename: (digest, suffix, size), which the caller has verified."""
        digest, suffix, size = blob
        leaf = {"blob": digest, "suffix": suffix, "size": size}
        with disk.guarded(self.root):
            if not self._stored(leaf):
                self._move(path, leaf, disk.stamp(path))

    def _copy(self, path: Path) -> Tree:
        """Hash what is written, not what may be there when it is read again."""
        with path.open("rb", buffering=0) as source:
            digest = hasher(os.fstat(source.fileno()).st_size)

            def parts() -> Iterator[memoryview]:
                for part in file_parts(source):
                    digest.update(part)
                    yield part

            temp = disk.draft(parts(), self.temporary, self.durable, _READ_ONLY)
            size = source.tell()
        leaf = {"blob": digest.hexdigest(), "size": size, "suffix": safe_suffix(path)}
        if self._stored(leaf):
            disk.discard(temp)
        else:
            self._publish(temp, leaf)
        return leaf

    def _move(self, path: Path, leaf: Tree, before: disk.Stamp) -> None:
        if self.durable:
            disk.operations.sync_path(path)
        disk.operations.chmod(path, _READ_ONLY)
        target = self.path(*reference(leaf)[:2])
        disk.publish(path, target, self.durable)
        with contextlib.suppress(FileNotFoundError):  # held aside by a collector for a moment
            after = disk.stamp(target)
            if (after[0], after[1], after[3]) == (before[0], before[1], before[3]):
                self._remember(target, after)
        self.written += leaf["size"]

    def _publish(self, temp: disk.Name, leaf: Tree) -> None:
        target = self.path(*reference(leaf)[:2])
        try:
            disk.publish(temp, target, self.durable)
        except BaseException:
            disk.discard(temp)
            raise
        with contextlib.suppress(FileNotFoundError):  # held aside by a collector for a moment
            self._remember(target, disk.stamp(target))
        self.written += leaf["size"]

    def _stored(self, leaf: Tree) -> bool:
        self.pin(leaf["blob"])
        try:
            self._check(*reference(leaf))
        except DamagedError:
            return False
        return True

    # -- reading -------------------------------------------------------------------------------

    def check(self, digest: str, suffix: str, size: int) -> Path:
        """The path of a blob whose content is certain; DamagedError (and gone) if it is not."""
        return self._reach(self._check, (digest, suffix, size))

    def _check(self, digest: str, suffix: str, size: int) -> Path:
        with self._reading(digest, suffix, size) as (path, mark):
            if self._mark(path.name) != mark:
                if digest_file(path) != digest:
                    self._discard(path, size, "has changed content")
                self._remember(path, mark)
        return path

    def _content(self, digest: str, suffix: str, size: int) -> bytes:
        with self._reading(digest, suffix, size) as (path, _):
            data = disk.operations.read(path)
            if digest_bytes(data) != digest:
                self._discard(path, size, "has changed content")
        return data

    @contextlib.contextmanager
    def _reading(self, digest: str, suffix: str, size: int) -> Iterator[tuple[Path, disk.Stamp]]:
        path = self.path(digest, suffix)
        try:
            mark = disk.stamp(path)
            if mark[0] != size:
                self._discard(path, size, "is cut" if mark[0] < size else "has grown")
            yield path, mark
        except OSError as error:
            raise DamagedError(f"stored file {path} is gone ({error.strerror})") from error

    def _reach(self, look: Callable[..., T], blob: Blob) -> T:
        """`look(*blob)`; where the blob is not here, or not whole, after asking the remote."""
        try:
            return look(*blob)
        except DamagedError:
            if not self._fetch([blob]):
                raise
            return look(*blob)

    def array(self, leaf: Tree) -> AnyArray:
        """The array of a leaf, read-only; memory-mapped unless small."""
        digest, suffix, size = reference(leaf)
        shape, dtype = tuple(leaf["shape"]), np.dtype(leaf["dtype"])
        offset = size - math.prod(shape) * dtype.itemsize
        if dtype.hasobject or offset < 0 or min(shape, default=0) < 0:
            raise DamagedError(f"stored array {digest[:12]} is not what its file can hold")
        if size <= SMALL:
            content = self._reach(self._content, (digest, suffix, size))
            return np.ndarray(shape, dtype, content, offset)
        path = self.check(digest, suffix, size)
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
            return np.ndarray(shape, dtype, mapped, offset)
        except OSError as error:
            raise DamagedError(f"stored file {path} is gone ({error.strerror})") from error

    def file(self, leaf: Tree) -> File:
        """The file of a leaf, in the store."""
        return File(self.check(*reference(leaf)))

    def frames(self, leaf: Tree) -> Frames:
        """The frames of a leaf; all chunks are verified now and mapped when they are read."""
        size, chunks = int(leaf["chunk"]), leaf["chunks"]
        count, (height, width, channels) = int(leaf["count"]), leaf["shape"]
        starts = range(0, count, size)
        if size < 1 or count < 0 or len(chunks) != len(starts):
            raise DamagedError("stored frames lack a chunk")
        for start, chunk in zip(starts, chunks, strict=True):
            shape = (min(size, count - start), height, width, channels)
            if chunk != chunk_leaf(chunk["blob"], shape):
                raise DamagedError("stored frames are not of the size that they state")
            self.check(*reference(chunk))
        opened: OrderedDict[int, AnyArray] = OrderedDict()

        def chunk_at(index: int) -> AnyArray:
            found = opened.pop(index, None)
            if found is None:
                found = self.array(chunks[index])
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

    @staticmethod
    def _size(path: Path) -> int:
        try:
            return path.stat().st_size
        except FileNotFoundError as error:
            raise DamagedError(f"stored file {path} is gone ({error.strerror})") from error

    def _discard(self, path: Path, size: int, what: str) -> None:
        def sound(away: Path) -> bool:  # another process may just have written it anew
            return away.stat().st_size == size and digest_file(away) == path.name[:64]

        with contextlib.suppress(OSError):
            trash.discard(path, self.temporary, sound)
        raise DamagedError(f"stored file {path} {what}")

    # -- the memo of verified blobs -------------------------------------------------------------

    def _mark(self, name: str) -> disk.Stamp | None:
        """The stamp that a large blob had when it was verified."""
        if name not in self._verified:
            memo = self._memos.get("verified", name) or {}
            with contextlib.suppress(TypeError, LookupError, ValueError):
                size, changed, status, inode = memo["stamp"]
                self._verified[name] = (size, changed, status, inode)
        return self._verified.get(name)

    def _remember(self, path: Path, mark: disk.Stamp) -> None:
        """Note that a large blob with this stamp was verified."""
        if mark[0] <= SMALL:
            return
        self._verified[path.name] = mark
        if self.durable:
            with contextlib.suppress(OSError):  # without the memo the blob is hashed again
                disk.operations.sync_path(path)  # after a power cut, it must not tell of more
                self._memos.set("verified", path.name, {"stamp": mark})
