"""Where a video cuts from one shot to another, told from small copies of its pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

WIDTH, HEIGHT = 48, 28  # px of the small copies
BLOCK = 7, 12  # px, rows and columns; a change is judged block by block,
MOST = 0.4  # and by the block at this quantile: a title that appears changes few of them
STEP = 8.0  # of 255; a smaller change is no cut
TIMES = 4.0  # as large as the changes around it, which shaking and lights make too
AROUND = 12  # frames to each side
FLASH = 3  # frames; what is over after so many was a flash


class CutFinder:
    """Takes the frames of a constant-rate copy one by one."""

    def __init__(self) -> None:
        self._small: list[NDArray[np.uint8]] = []
        self._scale = VideoReformatter()

    def see(self, frame: Any, times: int) -> None:
        """The next frame, shown `times` times."""
        if times > 0:
            small = self._scale.reformat(frame, WIDTH, HEIGHT, "rgb24", interpolation="BILINEAR")
            self._small += [np.asarray(small.to_ndarray(), np.uint8)] * times

    def cuts(self) -> list[int]:
        """The first frame of every shot but the first."""
        return find_cuts(np.stack(self._small)) if self._small else []


def find_cuts(pictures: NDArray[np.uint8]) -> list[int]:
    """Frames of `pictures [shape=(T, 28, 48, 3)]` that begin a shot, ascending, without 0."""
    if len(pictures) < 2:
        return []
    change = _difference(pictures[1:], pictures[:-1])  # change[t - 1] leads to frame t
    found = []
    for at in np.flatnonzero(change > STEP).tolist():
        first = max(0, at - AROUND)
        others = np.delete(change[first : at + AROUND + 1], at - first)
        if len(others) and change[at] < TIMES * np.median(others):
            continue
        before = pictures[max(0, at - FLASH) : at + 1]
        after = pictures[at + 1 : at + 2 + FLASH]
        if _difference(after[:, None], before[None]).min() > STEP:
            found.append(at + 1)
    return found


def _difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much pictures `[shape=(..., 28, 48, 3)]` differ, in levels."""
    apart = np.abs(a.astype(np.int16) - b).mean(-1)
    rows, columns = BLOCK
    shape = (*apart.shape[:-2], HEIGHT // rows, rows, WIDTH // columns, columns)
    blocks = apart.reshape(shape).mean((-3, -1)).reshape(*apart.shape[:-2], -1)
    return np.asarray(np.quantile(blocks, MOST, axis=-1), np.float64)
