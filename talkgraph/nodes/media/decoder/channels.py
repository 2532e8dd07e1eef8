"""Decoded samples of any format and layout, as one or two channels of float32."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@attrs.frozen(eq=False)
class Block:
    """Consecutive samples of a recording.

    data: `[shape=(c, n), float32]`, c = 1 or 2, full scale at 1.
    rate: Hz.
    time: of the first sample in the file's time, in s; None where it follows the one before.
    """

    data: Floats
    rate: int
    time: float | None


def finite(samples: NDArray[Any]) -> Floats:
    """Samples as float32, with silence for what is no number."""
    return np.asarray(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), np.float32)


def stereo(frame: Any) -> Floats:
    """Decoded samples as `[shape=(c, n), float32]`, c = 1 or 2, full scale at 1."""
    count = len(frame.layout.channels)
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, count).T
    if data.dtype == np.uint8:
        samples = (data.astype(np.float32) - 128) / 128
    elif np.issubdtype(data.dtype, np.integer):
        samples = (data / float(2 ** (8 * data.dtype.itemsize - 1))).astype(np.float32)
    else:
        samples = data.astype(np.float32)
    samples = finite(samples)
    return samples if count <= 2 else _to_stereo(samples, frame)


def _to_stereo(samples: Floats, frame: Any) -> Floats:
    """Down-mix by where the channels stand: left, right, and both for the middle (ITU-R BS.775).

    The low-frequency channel is left out, the gains of each side add up to 1.
    """
    side_gain = math.sqrt(0.5)
    gains = np.zeros((2, len(samples)), np.float32)
    for index, channel in enumerate(frame.layout.channels):
        name = channel.name
        if name.startswith("LFE"):
            continue
        main = name in ("FL", "FR")
        if not name.endswith("R"):
            gains[0, index] = 1.0 if main else side_gain
        if not name.endswith("L"):
            gains[1, index] = 1.0 if main else side_gain
    totals = gains.sum(1, keepdims=True)
    if not totals.all():  # only low-frequency channels, or all on one side
        gains, totals = np.ones_like(gains), np.full((2, 1), len(samples), np.float32)
    return np.asarray((gains / totals) @ samples, np.float32)
