"""The nodes that are timed, and the plain functions of the streamed ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from measure import big_array, bump
from numpy.typing import NDArray

import talkgraph as tg

Picture = NDArray[np.uint8]
SIDE = 256  # px

_GAMMA = (255 * np.linspace(0, 1, 256) ** 0.8).astype(np.uint8)
_ROW, _COLUMN = np.indices((SIDE, SIDE)) / SIDE - 0.5
_VIGNETTE = (256 * (1 - _ROW**2 - _COLUMN**2)).astype(np.uint16)[..., None]
_BACKGROUND = np.indices((SIDE, SIDE, 3)).sum(axis=0).astype(np.uint16) * 64 % (64 * 256)


def gamma(frame: Picture) -> Picture:
    """Brighten by table."""
    return _GAMMA[frame]


def vignette(frame: Picture) -> Picture:
    """Darken the corners."""
    return (frame * _VIGNETTE >> 8).astype(np.uint8)


def blend(frame: Picture) -> Picture:
    """Lay over a background, three quarters to one."""
    return (frame * np.uint16(192) + _BACKGROUND >> 8).astype(np.uint8)


def blur(frame: Picture) -> Picture:
    """Mean over 3 x 3 px."""
    from scipy import ndimage  # takes longer to import than all else; chains of no-ops need none

    made: Picture = ndimage.uniform_filter(frame, (3, 3, 1))
    return made


def mirror(frame: Picture) -> Picture:
    """Swap left and right."""
    return np.ascontiguousarray(frame[:, ::-1])


STAGES: tuple[Callable[[Picture], Picture], ...] = (gamma, vignette, blend, blur, mirror)


def source(start: int, stop: int) -> Picture:
    """Frames `start` to `stop`, no two alike, `[shape=(T, 256, 256, 3), uint8]`."""
    ramp = np.arange(SIDE * 3, dtype=np.uint8).reshape(1, 1, SIDE, 3)
    time = np.arange(start, stop, dtype=np.uint32).reshape(-1, 1, 1, 1)
    rows = np.arange(SIDE, dtype=np.uint32).reshape(1, SIDE, 1, 1)
    return ramp + (time * 7 + rows * (1 + time // 256)).astype(np.uint8)


@tg.node("benchmark_bump", version=1)
class Bump(tg.Node):
    """Do next to nothing."""

    def run(self, value: int) -> int:
        return bump(value)


@tg.node("benchmark_array", version=1)
class BigArray(tg.Node):
    """One large array."""

    def run(self, mebibytes: int) -> NDArray[np.float32]:
        return big_array(mebibytes)


@tg.node("benchmark_source", version=1, transient=True)
class Source(tg.Node):
    """Lazy frames."""

    def run(self, count: int) -> tg.Frames:
        return tg.Frames.from_function(count, (SIDE, SIDE, 3), source)


@tg.node("benchmark_map", version=1, transient=True)
class Map(tg.Node):
    """Map frames by one of `STAGES`; streamed, not stored."""

    stage: int = tg.param(0)

    def run(self, frames: tg.Frames) -> tg.Frames:
        return frames.map(STAGES[self.stage])


@tg.node("benchmark_map_stored", version=1)
class MapStored(tg.Node):
    """Map frames by one of `STAGES`; stored chunk by chunk."""

    stage: int = tg.param(0)

    def run(self, frames: tg.Frames) -> tg.Frames:
        return frames.map(STAGES[self.stage])


@tg.node("benchmark_mean", version=1)
class Mean(tg.Node):
    """The one consumer: mean brightness of every frame."""

    def run(self, frames: tg.Frames) -> NDArray[np.float32]:
        return np.array([frame.mean() for frame in frames], np.float32)
