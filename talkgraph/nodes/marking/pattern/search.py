"""Looks for a tile of unknown size and place, and bounds how often it would be found by chance.

What is compared are phases. At one size and place the score is z = sum w cos(d) / sqrt(sum w² / 2),
with d the differences between the phases of the video's waves and the tile's, and weights w of the
video's strengths and the band's alone. A key's phases are drawn independently and evenly
(`tile_of`), so whatever an unmarked video shows, the d are independent and even, too. As
E exp(s cos d) = I0(s) <= exp(s² / 4),
Chernoff's bound gives P(z > t) <= exp(-t² / 2) for any video; and over N sizes and places
P(some z > t) <= N exp(-t² / 2). Nothing is assumed of pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.marking.pattern.tile import SIDE, UNITS, Tile, swings

Floats = NDArray[np.float32]
SMALLEST, LARGEST = 0.55, 1.1  # share of the marked picture's shorter side that is seen
STEP = 0.006  # between shares; at half of it the waves at the border are an eighth out of step
POWER = 0.5  # of a wave's strength, beside the tile's own: between phases alone and a product
_MIRRORED = (False, True)


@attrs.frozen
class Match:
    """The best place of a tile. score: z. share: of the marked picture's shorter side, that is
    seen. mirrored: whether the picture is, left to right."""

    score: float
    share: float
    mirrored: bool


def shares() -> NDArray[np.float64]:
    """The shares that are tried, 1 among them."""
    below = np.arange(0, math.log(1 / SMALLEST), STEP)
    above = np.arange(STEP, math.log(LARGEST), STEP)
    found: NDArray[np.float64] = np.exp(np.concatenate([-below, above]))
    return found


def places() -> int:
    """How many sizes and places are tried."""
    return len(shares()) * len(_MIRRORED) * SIDE * SIDE


def false_alarm(score: float, tries: int) -> float:
    """Upper bound on the probability that an unmarked video scores as much in one of `tries`."""
    return min(1.0, tries * math.exp(-(max(score, 0.0) ** 2) / 2))


def search(remains: Floats, tile: Tile) -> Match:
    """The best match of a tile in what is left of a video, `remains [shape=(h, w)]`."""
    found = (
        Match(float(scores.max()), share, mirrored)
        for share, mirrored, scores in scores_of(remains, tile)
    )
    return max(found, key=lambda match: match.score)


def scores_of(remains: Floats, tile: Tile) -> Iterator[tuple[float, bool, Floats]]:
    """Share, whether it is mirrored, and the scores at all places, `[shape=(SIDE, SIDE)]`."""
    from scipy.fft import irfft2

    height, width = remains.shape
    amplitude = np.abs(tile.waves)
    inside = amplitude > 0
    direction = np.where(inside, np.conj(tile.waves) / np.where(inside, amplitude, 1), 0)
    spectrum = np.zeros((SIDE, SIDE // 2 + 1), np.complex64)
    for share in shares():
        period = min(height, width) * SIDE / UNITS / share
        down, right = swings(tile, height, width, period)
        half = down.conj().T @ remains
        for mirrored in _MIRRORED:
            seen = half @ (right if mirrored else right.conj()).T
            strength = np.abs(seen) + np.float32(1e-12)
            weight = amplitude * strength**POWER
            spectrum[np.ix_(tile.rows, tile.columns)] = weight * seen / strength * direction
            scale = SIDE * SIDE / 2 / math.sqrt(float((weight**2).sum()) / 2)
            yield float(share), mirrored, irfft2(spectrum, (SIDE, SIDE)) * scale
