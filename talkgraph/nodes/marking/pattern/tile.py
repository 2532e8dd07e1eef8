"""The tile: waves of random phase in a band of frequencies.

Lengths are in units of 1/256 of the picture's shorter side, so that the pattern is the same at any
size. The band is low enough to survive half the size and strong compression, and high enough to
differ from light and shape. Of a small picture only its lower octave is used, as strong as all of
it: an encoder keeps of a block's frequencies those that stand out against its quantiser's step,
and of a faint pattern that is spread over many of them it keeps nothing.
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
SMALL = 400  # px of the shorter side; smaller ones have a band and a slope of their own
SMALL_HIGHEST, SMALL_SLOPE = 0.072, -0.5
PEAK = 1.5  # root mean squares


@attrs.frozen
class Tile:
    """The waves of a key.

    rows: `[shape=(K,), int64]`, cycles per tile downwards, of either sign.
    columns: `[shape=(L,), int64]`, cycles per tile to the right, above 0.
    waves: `[shape=(K, L), complex64]`, their phases as complex numbers of magnitude 1.
    large, small: `[shape=(K, L), float32]`, their amplitudes in large and in small pictures, 0
        outside of the band.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    waves: Waves
    large: Floats
    small: Floats


def tile_of(key: int) -> Tile:
    """The tile of a key; no two phases of it depend on each other, as a hash draws them."""
    most = int(HIGHEST * SIDE)
    rows, columns = np.arange(-most, most + 1), np.arange(1, most + 1)
    frequency = np.hypot(rows[:, None] / SIDE, columns / SIDE)
    drawn = hashlib.shake_256(f"talkgraph watermark {key}".encode()).digest(4 * frequency.size)
    phase = np.frombuffer(drawn, "<u4").reshape(frequency.shape) * (2 * np.pi / 2**32)
    large = np.where((frequency >= LOWEST) & (frequency <= HIGHEST), frequency**SLOPE, 0)
    small = np.where((large > 0) & (frequency <= SMALL_HIGHEST), frequency**SMALL_SLOPE, 0)
    waves = np.exp(1j * phase).astype(np.complex64)
    return Tile(rows, columns, waves, large.astype(np.float32), small.astype(np.float32))


def plane(tile: Tile, height: int, width: int) -> Floats:
    """The pattern over a whole picture, `[shape=(height, width)]`, with a root mean square of 1.

    It is summed from its waves, so that it is exact at any size; peaks, which the eye finds first,
    are bent down to `PEAK`.
    """
    period = min(height, width) * SIDE / UNITS
    down, right = swings(tile, height, width, period)
    waves = tile.waves * (tile.small if min(height, width) < SMALL else tile.large)
    found = _scaled(np.ascontiguousarray(((down @ waves) @ right).real))
    return _scaled(np.tanh(found / np.float32(PEAK)))


def _scaled(pattern: Floats) -> Floats:
    """With a root mean square of 1, which no tile has that is cut by a border."""
    scaled: Floats = pattern / np.sqrt((pattern**2).mean())
    return scaled


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
