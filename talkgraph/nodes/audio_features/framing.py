"""From samples to one window of feature rows per video frame, block by block.

Convention
    Row i of the features looks at samples [i * step, i * step + window) of the padded signal, so
    that its middle is at i * step + window / 2 - pad of the speech.
    Window k holds `rows` rows from round(k / (fps * step)) on (4k at 25 fps and 10 ms). With the
    defaults (28 rows, pad 120 ms) its middle is 7.5 ms after the middle (k + 0.5) / fps of video
    frame k, as in the published implementation; a pad of 127.5 ms would centre it exactly.
    There are exactly round(fps * seconds) windows; what lies outside the speech is silence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import InputError
from talkgraph.nodes.values import Floats, Speech

RATE = 16000  # Hz, of every speech
ROWS_PER_BLOCK = 4096  # 41 s at 10 ms: about 30 MB of spectra at a time, however long the speech
RowFeatures = Callable[[NDArray[np.float64], int], NDArray[Any]]


@attrs.frozen(kw_only=True)
class Framing:
    """Where the rows and windows lie; times in seconds, see the convention above."""

    window: float
    step: float
    pad: float
    rows: int
    fps: float

    def first_rows(self, count: int) -> NDArray[np.int64]:
        """First feature row of each of `count` windows."""
        return np.rint(np.arange(count) / (self.fps * self.step)).astype(np.int64)


def window_count(speech: Speech, fps: float) -> int:
    """Number of video frames of `speech`: round(fps * seconds).

    Raises:
        InputError: the speech is shorter than half a video frame.
    """
    count = round(fps * len(speech.samples) / speech.rate)
    if count == 0:
        raise InputError(
            f"the speech is {speech.seconds:.3f} s long, less than one video frame at "
            f"{fps:g} fps; give a longer recording"
        )
    return count


def speech_windows(
    speech: Speech | None,
    framing: Framing,
    pre_emphasis: float,
    row_features: RowFeatures,
) -> Floats:
    """Cut `speech` into rows, take their features and gather the rows of every video frame.

    Args:
        row_features: maps a pre-emphasised signal of n rows to `[shape=(n, bins)]`.

    Returns:
        `[shape=(round(fps * seconds), rows, bins), float32]`, no windows for no speech.

    Raises:
        InputError: as `window_count`.
    """
    if speech is None:
        bins = row_features(np.zeros(1), RATE).shape[1]
        return np.empty((0, framing.rows, bins), np.float32)
    count = window_count(speech, framing.fps)
    first = framing.first_rows(count)
    rows = _rows(speech, framing, int(first[-1]) + framing.rows, pre_emphasis, row_features)
    windows = np.empty((count, framing.rows, rows.shape[1]), np.float32)
    for offset in range(framing.rows):
        windows[:, offset] = rows[first + offset]
    return windows


def _rows(
    speech: Speech, framing: Framing, count: int, pre_emphasis: float, row_features: RowFeatures
) -> Floats:
    """The first `count` feature rows of the padded speech, `[shape=(count, bins), float32]`."""
    step = round(framing.step * speech.rate)
    length = int(framing.window * speech.rate + 0.5)  # as python_speech_features rounds
    pad = round(framing.pad * speech.rate)
    blocks = []
    for start in range(0, count, ROWS_PER_BLOCK):
        stop = min(start + ROWS_PER_BLOCK, count)
        # One sample more on the left, so that the pre-emphasis runs on across the blocks.
        a, b = start * step - 1, (stop - 1) * step + length
        signal = _padded(speech.samples, a - pad, b - pad)
        emphasised = signal[1:] - pre_emphasis * signal[:-1]
        block = np.asarray(row_features(emphasised, speech.rate), np.float32)
        blocks.append(block)
    return np.concatenate(blocks)


def _padded(samples: Floats, start: int, stop: int) -> NDArray[np.float64]:
    """samples[start:stop], with silence where that lies outside."""
    out = np.zeros(stop - start)
    a, b = max(start, 0), min(stop, len(samples))
    if b > a:
        out[a - start : b - start] = samples[a:b]
    return out
