"""The tile: waves of random phase in a band of frequencies.

Lengths are in units of 1/256 of the picture's shorter side, so that the pattern is the same at any
size. The band is low enough to survive half the size and strong compression, and high enough to
differ from light and shape.
"""

from __future__ import annotations

import hashlib

import attrs
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Waves = NDArray[np.complex64]

UNITS = 256  # of a picture's shorter side
SIDE = 128  # of the tile, in units
LOWEST, HIGHEST = 0.035, 0.16  # cycles per unit
SLOPE = -1.2  # amplitude goes with frequency to this power, as that of pictures does


@attrs.frozen
class Tile:
    """The waves of a key.

    rows: `[shape=(K,), int64]`, cycles per tile downwards, of either sign.
    columns: `[shape=(L,), int64]`, cycles per tile to the right, above 0.
    waves: `[shape=(K, L), complex64]`, their amplitudes and phases, 0 outside of the band; the
        tile is twice the real part of their sum, with a root mean square of 1.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    waves: Waves

    @property
    def frequency(self) -> Floats:
        """Of every wave, `[shape=(K, L)]`, cycles per unit."""
        found: Floats = np.hypot(self.rows[:, None] / SIDE, self.columns / SIDE).astype(np.float32)
        return found


def tile_of(key: int) -> Tile:
    """The tile of a key; no two phases of it depend on each other, as a hash draws them."""
    most = int(HIGHEST * SIDE)
    rows, columns = np.arange(-most, most + 1), np.arange(1, most + 1)
    frequency = np.hypot(rows[:, None] / SIDE, columns / SIDE)
    inside = (frequency >= LOWEST) & (frequency <= HIGHEST)
    drawn = hashlib.shake_256(f"talkgraph watermark {key}".encode()).digest(4 * frequency.size)
    phase = np.frombuffer(drawn, "<u4").reshape(frequency.shape) * (2 * np.pi / 2**32)
    amplitude = np.where(inside, frequency**SLOPE, 0.0)
    amplitude /= np.sqrt(2 * (amplitude**2).sum())
    return Tile(rows, columns, (amplitude * np.exp(1j * phase)).astype(np.complex64))


def plane(tile: Tile, height: int, width: int) -> Floats:
    """The pattern over a whole picture, `[shape=(height, width)]`, root mean square near 1.

    It is summed from its waves, so that it is exact at any size.
    """
    period = min(height, width) * SIDE / UNITS
    down, right = swings(tile, height, width, period)
    return np.ascontiguousarray(2 * ((down @ tile.waves) @ right).real)


def swings(tile: Tile, height: int, width: int, period: float) -> tuple[Waves, Waves]:
    """The waves' factors along a picture's columns `[shape=(height, K)]` and rows `[(L, width)]`.

    Args:
        period: side of the tile, px.
    """
    y, x = np.arange(height) + 0.5, np.arange(width) + 0.5
    turn = 2j * np.pi / period
    return (
        np.exp(turn * np.outer(y, tile.rows)).astype(np.complex64),
        np.exp(turn * np.outer(tile.columns, x)).astype(np.complex64),
    )
