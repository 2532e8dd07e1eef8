"""Looks for a tile of unknown size and place, and bounds how often it would be found by chance.

What is compared are phases. At one size and place the score is z = sum w cos(d) / sqrt(sum w² / 2),
with d the differences between the phases of the video's waves and the tile's, and weights w of the
video's strengths and the band's alone. A key's phases are drawn independently and evenly
(`tile_of`), so whatever an unmarked video shows, the d are independent and even, too. As
E exp(s cos d) = I0(s) <= exp(s² / 4),
Chernoff's bound gives P(z > t) <= exp(-t² / 2) for any video. Nothing is assumed of pictures.

Most videos show the whole picture, or all but a margin; these places are few, and a lower score
will do there. A group of N places with a part q of the probability of a false alarm gives a score
of t the chance N exp(-t² / 2) / q. The parts sum to 1, so that the chance of any group is below p
with a probability of at most p (Bonferroni's bound, with weights).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.marking.pattern.places import GROUPS, shares
from talkgraph.nodes.marking.pattern.tile import SIDE, UNITS, Tile, swings

Floats = NDArray[np.float32]
POWER = 0.5  # of a wave's strength, beside the tile's own: between phases alone and a product
_MIRRORED = (False, True)


@attrs.frozen
class Match:
    """The best place of a tile.

    score: z there, in standard deviations of chance.
    chance: upper bound on the probability that an unmarked video looks as much so.
    share: of the marked picture's shorter side, that is seen.
    mirrored: whether the picture is, left to right.
    """

    score: float
    chance: float
    share: float
    mirrored: bool


def places() -> int:
    """How many sizes and places are tried, each for large and for small pictures."""
    return 2 * len(shares()) * len(_MIRRORED) * SIDE * SIDE


def false_alarm(score: float, tries: float) -> float:
    """Upper bound on the probability that an unmarked video scores as much in one of `tries`."""
    return min(1.0, tries * math.exp(-(max(score, 0.0) ** 2) / 2))


def search(remains: Floats, tile: Tile) -> Match:
    """The best match of a tile in what is left of a video, `remains [shape=(h, w)]`."""
    height, width = remains.shape
    units = height * UNITS / min(height, width), width * UNITS / min(height, width)
    counts = [0] * len(GROUPS)
    best = [(0.0, 1.0, False)] * len(GROUPS)
    for share, mirrored, scores in scores_of(remains, tile):
        for index, group in enumerate(GROUPS):
            where = group.where(share, *units, mirrored=mirrored)
            if where is not None:
                counts[index] += int(where.sum())
                best[index] = max(best[index], (float(scores[where].max()), share, mirrored))
    matches = [
        Match(score, false_alarm(score, count / group.part), share, mirrored)
        for group, count, (score, share, mirrored) in zip(GROUPS, counts, best, strict=True)
    ]
    return min(matches, key=lambda match: (match.chance, -match.score))


def scores_of(remains: Floats, tile: Tile) -> Iterator[tuple[float, bool, Floats]]:
    """Share, whether it is mirrored, and the scores at all places, `[shape=(SIDE, SIDE)]`.

    Each comes twice, as the waves have other amplitudes in large pictures than in small ones.
    """
    from scipy.fft import irfft2

    height, width = remains.shape
    spectrum = np.zeros((SIDE, SIDE // 2 + 1), np.complex64)
    for share in shares():
        period = min(height, width) * SIDE / UNITS / share
        down, right = swings(tile, height, width, period)
        half = down.conj().T @ remains
        for mirrored in _MIRRORED:
            seen = half @ (right if mirrored else right.conj()).T
            strength = np.abs(seen) + np.float32(1e-12)
            differing = seen / strength * tile.waves.conj()
            for amplitude in (tile.large, tile.small):
                weight = amplitude * strength**POWER
                spectrum[np.ix_(tile.rows, tile.columns)] = weight * differing
                scale = SIDE * SIDE / 2 / math.sqrt(float((weight**2).sum()) / 2)
                yield float(share), mirrored, irfft2(spectrum, (SIDE, SIDE)) * scale
