"""Where the large leaves of a value go: nowhere, for a key, or into the store, for a result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from talkgraph.cache import disk
from talkgraph.cache.arrays import AnyArray, array_leaf, checked_chunk, chunk_leaf, frames_leaf
from talkgraph.cache.blobs import Blobs
from talkgraph.cache.codecs import reference, safe_suffix
from talkgraph.cache.files import File
from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.cache.keys import Tree, digest_bytes
from talkgraph.errors import DamagedError, KeyingError


class Hashing:
    """The sink for keys: digests only."""

    def __init__(self, blobs: Blobs, content: Callable[[Path], tuple[str, disk.Stamp]]) -> None:
        self._blobs = blobs
        self._content = content

    def array(self, array: AnyArray) -> Tree:
        """Leaf of an array."""
        return array_leaf(array)[0]

    def file(self, file: File) -> Tree:
        """Leaf of a file."""
        path = file.path
        size = path.stat().st_size if path.is_file() else 0
        if path.parent.parent == self._blobs.folder:
            return {"blob": path.name[:64], "size": size, "suffix": path.name[64:]}
        digest, mark = self._content(path)
        return {"blob": digest, "size": mark[0], "suffix": safe_suffix(path)}

    def frames(self, frames: Frames) -> Tree:
        """Leaf of frames."""
        if frames.stored is not None:
            return frames.stored[1]
        if frames.once:
            raise KeyingError("single-pass frames cannot be a graph's input; use from_function")
        starts = range(0, frames.count, CHUNK)
        chunks = [
            array_leaf(checked_chunk(frames, a, min(a + CHUNK, frames.count)))[0] for a in starts
        ]
        return frames_leaf(frames, chunks)

    def content(self, path: Path) -> str:
        """Digest of what a path stands for."""
        return self._content(path)[0]


class Storing:
    """The sink for results: blobs in the store, and a log of the chunks of frame streams."""

    def __init__(
        self,
        blobs: Blobs,
        partial: disk.Name,
        on_chunk: Callable[[int, int], None] | None = None,
        chunk_key: Callable[[int, int], str] | None = None,
    ) -> None:
        self._blobs = blobs
        self._partial = partial
        self._on_chunk = on_chunk
        self._chunk_key = chunk_key
        self.streams = 0  # how many there were so far

    def array(self, array: AnyArray) -> Tree:
        """Leaf of an array."""
        return self._blobs.put_array(array)

    def file(self, file: File) -> Tree:
        """Leaf of a file."""
        path = file.path
        if not path.is_file():
            if path.is_relative_to(self._blobs.folder):  # removed from the store under the node
                raise DamagedError(f"stored file {path} is gone")
            raise KeyingError(f"the file {path} that was returned does not exist")
        mine = path.resolve().is_relative_to(self._blobs.temporary)  # a scratch folder
        return self._blobs.put_file(path, move=mine and not path.is_symlink())

    def content(self, path: Path) -> str:
        """Digest of what a path stands for."""
        raise AssertionError("paths are not storable")

    def frames(self, frames: Frames) -> Tree:
        """Leaf of frames."""
        if frames.stored is not None and frames.stored[0] == self._blobs.root:
            for chunk in frames.stored[1]["chunks"]:
                self._blobs.pin(chunk["blob"])
                self._blobs.check(chunk["blob"], ".npy", chunk["size"])
            return frames.stored[1]
        length = frames.count if self._chunk_key is None else "any"
        shape = "x".join(map(str, frames.shape))
        log = Path(self._partial, f"{self.streams}-{length}-{shape}")
        self.streams += 1
        done = {} if frames.once else _read_log(log)
        chunks: list[Tree] = []
        with disk.guarded(self._blobs.root):
            disk.make_folder(self._partial)
        for index, start in enumerate(range(0, frames.count, CHUNK)):
            stop = min(start + CHUNK, frames.count)
            name = str(index) if self._chunk_key is None else self._chunk_key(start, stop)
            leaf = chunk_leaf(done.get(name, ""), (stop - start, *frames.shape))
            try:
                self._blobs.check(*reference(leaf))
            except DamagedError:
                leaf = self._blobs.put_array(checked_chunk(frames, start, stop))
                # The folder is gone when another process has finished the same result.
                with disk.guarded(self._blobs.root), contextlib.suppress(FileNotFoundError):
                    disk.append(log, _log_line(name, leaf["blob"]))
            chunks.append(leaf)
            if self._on_chunk is not None:
                self._on_chunk(stop, frames.count)
        return frames_leaf(frames, chunks)


def _log_line(name: str, digest: str) -> str:
    entry = f"{name} {digest}"
    return f"\n{entry} {digest_bytes(entry.encode())[:16]}\n"  # ends what a kill left half written


def _read_log(log: Path) -> dict[str, str]:
    """Index or key of a chunk -> its digest, of the chunks that an earlier run logged."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            parts = line.split()
            if len(parts) == 3 and f"\n{line}\n" == _log_line(parts[0], parts[1]):
                found[parts[0]] = parts[1]
    return found
