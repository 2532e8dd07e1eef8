"""Frames: a sequence of equally sized uint8 pictures that need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.display import html

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
        pictures: Callable[[int, int], Iterator[Pictures]] | None = None,
    ) -> None:
        self.count = int(count)
        self.shape = (int(shape[0]), int(shape[1]), int(shape[2]))
        self.once = once
        self.stored: tuple[Path, Any] | None = (
            None  # where it lies, if a store holds it: root, leaf
        )
        self._read = read
        self._pictures = pictures

    @classmethod
    def from_array(cls, array: Pictures) -> Frames:
        """Wrap `array [shape=(T, H, W, C), uint8]` without copying."""
        if array.ndim != 4 or array.dtype != np.uint8:
            raise ValueError(
                f"frames need a (T, H, W, C) uint8 array, got {array.shape} {array.dtype}"
            )
        height, width, channels = array.shape[1:]
        return cls(len(array), (height, width, channels), lambda a, b: array[a:b])

    @classmethod
    def from_function(
        cls, count: int, shape: tuple[int, int, int], read: Callable[[int, int], Pictures]
    ) -> Frames:
        """Lazy frames: `read(start, stop)` returns `[shape=(stop - start, H, W, C), uint8]`.

        It may be called for any range, by several threads at once.
        """
        return cls(count, shape, read)

    @classmethod
    def from_iterable(
        cls, count: int, shape: tuple[int, int, int], pictures: Iterable[Pictures]
    ) -> Frames:
        """Frames that are walked once, in order; `pictures` yields single (H, W, C) arrays.

        Reading anything but the next frames raises ValueError, so does a source that ends early.
        """
        source = iter(pictures)
        position = 0

        def read(start: int, stop: int) -> Pictures:
            nonlocal position
            if start != position:
                raise ValueError(f"single-pass frames stand at {position}, frame {start} was asked")
            found = []
            for picture in source:
                found.append(picture)
                position += 1
                if position == stop:
                    return np.stack(found)
            raise ValueError(f"the source of frames ended after {position} of {count}")

        return cls(count, shape, read, once=True)

    def map(
        self, work: Callable[[Pictures], Pictures], shape: tuple[int, int, int] | None = None
    ) -> Frames:
        """Frames that put each picture of these through `work` when it is read.

        A map of a map goes picture by picture through both, so that a long row of cheap stages
        costs no more than a loop that calls them.

        Args:
            work: takes a picture `[shape=(H, W, C), uint8]` and gives one of `shape`.
            shape: of the pictures that are made; default: that of these.

        Raises:
            ValueError: when read, if `work` gives another shape or type.
        """
        height, width, channels = shape or self.shape

        def pictures(start: int, stop: int) -> Iterator[Pictures]:
            for index, picture in enumerate(self.pictures(start, stop), start):
                made = work(picture)
                if made.shape != (height, width, channels) or made.dtype != np.uint8:
                    raise ValueError(
                        f"frame {index} became {made.shape} {made.dtype}, "
                        f"promised {(height, width, channels)} uint8"
                    )
                yield made

        def read(start: int, stop: int) -> Pictures:
            made = np.empty((stop - start, height, width, channels), np.uint8)
            for index, picture in enumerate(pictures(start, stop)):
                made[index] = picture
            return made

        return Frames(
            self.count, (height, width, channels), read, once=self.once, pictures=pictures
        )

    def pictures(self, start: int, stop: int) -> Iterator[Pictures]:
        """Yield frames `start` to `stop` one by one; those of maps are made one by one."""
        return self._pictures(start, stop) if self._pictures else iter(self._read(start, stop))

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
        picture: Pictures = self._read(index, index + 1)[0]
        return picture

    def __iter__(self) -> Iterator[Pictures]:
        for start in range(0, self.count, CHUNK):
            yield from self.pictures(start, min(start + CHUNK, self.count))

    def chunks(self, size: int = CHUNK) -> Iterator[Pictures]:
        """Yield consecutive arrays of at most `size` frames."""
        for start in range(0, self.count, size):
            yield self._read(start, min(start + size, self.count))

    def array(self) -> Pictures:
        """All frames in memory, `[shape=(T, H, W, C), uint8]`. Only for clips known to be short."""
        if not self.count:
            return np.empty((0, *self.shape), np.uint8)
        return np.concatenate(list(self.chunks()))

    _repr_html_ = html

    def __repr__(self) -> str:
        return f"Frames({self.count} x {self.shape})"
