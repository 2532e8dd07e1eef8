"""Frames that threads make before they are read, so that stages of a stream go side by side.

Whoever reads frames in their order, as an encoder does, finds the next ones made while it worked on
the last: blocks of frames, each by one thread, as many ahead as there are threads. Which thread
makes a block changes nothing in it, as frames are functions of their number. A block that could not
be made ahead is made once more where it is read, which is where its error is raised.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

import numpy as np

from talkgraph.cache.frames import CHUNK, Frames, Pictures

THREADS = min(os.cpu_count() or 1, 8)
BLOCK_BYTES = 16 << 20  # of frames that one thread makes at a time, at most, if it is more than one
SWITCH_SECONDS = (
    0.0005  # that a thread waits for Python: stages take it for less, many times a frame
)
READ_BLOCK = 4  # frames, of what a node reads; short, so that the first is there soon


class ReadAhead:
    """The threads of one job. Nothing is made ahead before it is entered, nor after it is left.

    Args:
        waiting: entered while a reader waits for a thread.
    """

    def __init__(self, waiting: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self.waiting = waiting
        self._thread = threading.local()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> ReadAhead:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="talkgraph-frames")
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._interval, SWITCH_SECONDS))
        return self

    def __exit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
            sys.setswitchinterval(self._interval)

    def read(self, frames: Frames) -> Frames:
        """The same frames for a node that reads them."""
        fitting = BLOCK_BYTES // max(int(np.prod(frames.shape)), 1)
        return self._ahead(frames, min(max(fitting, 1), READ_BLOCK))

    def stored(self, frames: Frames) -> Frames:
        """The same frames for the store, which takes them by chunks."""
        return self._ahead(frames, CHUNK)

    def _ahead(self, frames: Frames, block: int) -> Frames:
        if frames.once or frames.stored is not None or frames.count <= block:
            return frames
        blocks = _Blocks(frames, block, self)
        return Frames(frames.count, frames.shape, blocks.read, pictures=blocks.pictures)

    @property
    def makes_frames(self) -> bool:
        """Whether this thread makes a block."""
        return getattr(self._thread, "makes_frames", False)

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """While this thread makes a block."""
        self._thread.makes_frames = True
        try:
            yield
        finally:
            self._thread.makes_frames = False

    def submit(self, work: Callable[[], object]) -> None:
        """Let a thread do it, if there is still one."""
        pool = self._pool
        if pool is not None:
            with contextlib.suppress(RuntimeError):  # shut down this moment
                pool.submit(copy_context().run, work)


def remembered(frames: Frames) -> Frames:
    """The same frames for several readers: a thread makes what it reads twice in a row once."""
    last = threading.local()

    def read(start: int, stop: int) -> Pictures:
        begin, made = getattr(last, "run", (0, None))
        if made is None or start < begin or stop > begin + len(made):
            begin, made = last.run = (start, frames[start:stop])
        return made[start - begin : stop - begin]

    if frames.once or frames.stored is not None:
        return frames
    return Frames(frames.count, frames.shape, read)


class _Block:
    """Frames `start` to `stop`, which one thread makes while others wait."""

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop
        self.lock = threading.Lock()
        self.made: Pictures | None = None


class _Blocks:
    """Frames by blocks: those that are read, and those ahead of them."""

    def __init__(self, frames: Frames, size: int, ahead: ReadAhead) -> None:
        self._frames, self._size, self._ahead = frames, size, ahead
        self._lock = threading.Lock()
        self._blocks: dict[int, _Block] = {}
        self._next = 0  # the frame after the last that was read

    def read(self, start: int, stop: int) -> Pictures:
        if self._ahead.makes_frames:  # from these: they are ahead already
            return self._frames[start:stop]
        with self._lock:
            going_on = start <= self._next < stop and self._next <= start + self._size
            begun = self._next > 0 or stop - start >= self._size
            self._next = stop
            first, last = start // self._size, (stop - 1) // self._size
            blocks = self._begin(first, last) if going_on and begun else []
        if not blocks:
            return self._frames[start:stop]
        parts = [self._get(block)[max(start - block.start, 0) : stop - block.start]
                 for block in blocks]  # fmt: skip
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def pictures(self, start: int, stop: int) -> Iterator[Pictures]:
        while start < stop:
            end = min(start - start % self._size + self._size, stop)
            yield from self.read(start, end)
            start = end

    def _begin(self, first: int, last: int) -> list[_Block]:
        """The blocks to read; threads make these and the next, what lies before is forgotten."""
        past_all = -(-self._frames.count // self._size)
        wanted = range(first, min(last + 1 + THREADS, past_all))
        self._blocks = {index: one for index, one in self._blocks.items() if index in wanted}
        for index in wanted:
            if index not in self._blocks:
                start = index * self._size
                block = _Block(start, min(start + self._size, self._frames.count))
                self._blocks[index] = block
                self._ahead.submit(partial(self._try, index, block))
        return [self._blocks[index] for index in range(first, last + 1)]

    def _try(self, index: int, block: _Block) -> None:
        with contextlib.suppress(Exception):  # raised again where the block is read
            if self._blocks.get(index) is block:
                self._make(block)

    def _get(self, block: _Block) -> Pictures:
        if block.lock.locked():
            with self._ahead.waiting(), block.lock:
                pass
        return self._make(block)

    def _make(self, block: _Block) -> Pictures:
        with block.lock:
            if block.made is None:
                with self._ahead.making():
                    block.made = self._frames[block.start : block.stop]
            return block.made
