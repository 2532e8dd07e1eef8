"""Frames: a sequence of equally sized uint8 pictures that need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
CHUNK = 32  # frames; the unit of streaming and of storage


class Frames:
    """A random-access sequence of pictures, `[shape=(T, H, W, C), uint8]`, C = 1, 3 or 4.

    Made from an array, from a function that yields any range on demand (lazy, nothing is kept),
    or from an iterator that is read once (the engine stores its chunks as they come).
    `frames[i]` and `frames[a:b]` give arrays; `frames.chunks()` walks all of them in order.
    """

    def __init__(
        self,
        count: int,
        shape: tuple[int, int, int],
        read: Callable[[int, int], Pictures],
        *,
        once: bool = False,
    ) -> None:
        self.count = int(count)
        self.shape = (int(shape[0]), int(shape[1]), int(shape[2]))
        self.once = once
        self._read = read

    @classmethod
    def from_array(cls, array: Pictures) -> Frames:
        """Wrap `array [shape=(T, H, W, C), uint8]` without copying."""
        if array.ndim != 4 or array.dtype != np.uint8:
            raise ValueError(f"frames need a (T, H, W, C) uint8 array, got {array.shape} {array.dtype}")
        return cls(len(array), array.shape[1:], lambda a, b: array[a:b])

    @classmethod
    def from_function(
        cls, count: int, shape: tuple[int, int, int], read: Callable[[int, int], Pictures]
    ) -> Frames:
        """Lazy frames: `read(start, stop)` returns `[shape=(stop - start, H, W, C), uint8]`."""
        return cls(count, shape, read)

    @classmethod
    def from_iterable(
        cls, count: int, shape: tuple[int, int, int], pictures: Iterable[Pictures]
    ) -> Frames:
        """Frames that can be walked exactly once, in order; `pictures` yields single (H, W, C) arrays."""
        source = iter(pictures)

        def read(start: int, stop: int) -> Pictures:
            return np.stack([next(source) for _ in range(start, stop)])

        return cls(count, shape, read, once=True)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int | slice) -> Pictures:
        if isinstance(index, slice):
            start, stop, step = index.indices(self.count)
            if step != 1:
                raise IndexError("frames are read in runs: use a step of 1")
            if stop <= start:
                return np.empty((0, *self.shape), np.uint8)
            return self._read(start, stop)
        index = index + self.count if index < 0 else index
        if not 0 <= index < self.count:
            raise IndexError(f"frame {index} of {self.count}")
        return self._read(index, index + 1)[0]

    def __iter__(self) -> Iterator[Pictures]:
        for chunk in self.chunks():
            yield from chunk

    def chunks(self, size: int = CHUNK) -> Iterator[Pictures]:
        """Yield consecutive arrays of at most `size` frames."""
        for start in range(0, self.count, size):
            yield self._read(start, min(start + size, self.count))

    def array(self) -> Pictures:
        """All frames in memory, `[shape=(T, H, W, C), uint8]`. Only for clips known to be short."""
        if not self.count:
            return np.empty((0, *self.shape), np.uint8)
        return np.concatenate(list(self.chunks()))

    def __repr__(self) -> str:
        return f"Frames({self.count} x {self.shape})"
