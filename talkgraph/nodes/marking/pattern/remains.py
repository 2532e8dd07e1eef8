"""What is left of a video without all that pictures show: the pattern, if it is there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.nodes.marking.pattern.tile import UNITS

Floats = NDArray[np.float32]
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
LARGEST = 256  # px of the shorter side; more shows nothing of the pattern
BROAD = 3.0  # units; standard deviation of what is taken for the picture itself
NEAR = 4.0  # units; over which the strength of what is left is measured
CLIPPED = 2.0  # times that strength
QUIET = 0.5  # levels that are added to it


def remains(pictures: Iterable[Pictures]) -> Floats:
    """The mean of what is left of `pictures [shape=(H, W, 3), uint8]`, `[shape=(h, w)]`.

    Each is freed from what varies slowly, and counts less where it is busy: by its variance there,
    as a matched filter in noise of uneven strength does. What moves goes in the mean.
    """
    left = [_rest(_small_luma(picture)) for picture in pictures]
    mean: Floats = np.mean(left, axis=0, dtype=np.float32)
    return mean


def _rest(luma: Floats) -> Floats:
    unit = min(luma.shape) / UNITS
    rest = luma - _blurred(luma, BROAD * unit)
    strength = _blurred(np.abs(rest), NEAR * unit) + QUIET
    kept: Floats = np.clip(rest / strength, -CLIPPED, CLIPPED) / strength
    return kept


def _small_luma(picture: Pictures) -> Floats:
    luma = picture.astype(np.float32) @ LUMA
    height, width = luma.shape
    if min(height, width) <= LARGEST:
        return luma
    from PIL import Image

    scale = LARGEST / min(height, width)
    size = round(width * scale), round(height * scale)
    return np.asarray(Image.fromarray(luma).resize(size, Image.Resampling.BOX))


def _blurred(picture: Floats, width: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    blurred: Floats = gaussian_filter(picture, width, truncate=2.5)
    return blurred
