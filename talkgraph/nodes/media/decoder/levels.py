"""Passes over the raw files once all is decoded: mono mix, equal channels, peaks, loudness."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SPEECH_RATE = 16000  # Hz
BLOCK = 1 << 20  # samples per step of the passes over the raw files
LOUDNESS_WINDOW = 0.1  # s
CANCELLED = 0.1  # a mono mix this much quieter than a channel: the channels are in opposite phase


def settle(speech: BinaryIO, track: BinaryIO, channels: int) -> tuple[int, float]:
    """Mix the speech to mono, drop a second channel equal to the first, bring peaks within 1.

    Returns: the channels that are left in the soundtrack, and the loudest level of the speech.
    """
    peak = max(_peak(speech), _peak(track))
    gain = 1.0 / peak if peak > 1.0 else 1.0
    same, weights = channels == 1, np.ones(1, np.float32)
    if channels == 2:
        energy, same = np.zeros(3), True
        for block in _blocks(speech, 2):
            left, right = block[:, 0].astype(np.float64), block[:, 1].astype(np.float64)
            energy += [left @ left, right @ right, ((left + right) ** 2).sum() / 4]
            same = same and bool(np.array_equal(block[:, 0], block[:, 1]))
        weights = np.array([0.5, 0.5], np.float32)
        if energy[2] < CANCELLED**2 * energy[:2].max():
            weights = np.eye(2, dtype=np.float32)[int(energy[1] > energy[0])]
    _rewrite(speech, channels, weights[:, None] * gain)
    if channels == 2 and same:
        _rewrite(track, 2, np.array([[gain], [0.0]], np.float32))
    elif gain != 1.0:
        _rewrite(track, channels, np.eye(channels, dtype=np.float32) * gain)
    return (1 if same else channels), _loudest(speech)


def _blocks(file: BinaryIO, channels: int) -> Iterator[Floats]:
    file.seek(0)
    while data := file.read(BLOCK * channels * 4):
        yield np.frombuffer(data, np.float32).reshape(-1, channels)


def _peak(file: BinaryIO) -> float:
    return max((float(np.abs(block).max()) for block in _blocks(file, 1)), default=0.0)


def _rewrite(file: BinaryIO, channels: int, matrix: Floats) -> None:
    """Replace each row of the file by row @ matrix; never longer than before, so in place."""
    size, read, written = file.seek(0, 2), 0, 0
    while read < size:
        file.seek(read)
        data = file.read(BLOCK * channels * 4)
        read += len(data)
        rows = np.frombuffer(data, np.float32).reshape(-1, channels)
        mixed = np.clip(rows @ matrix, -1.0, 1.0).astype(np.float32).tobytes()
        file.seek(written)
        file.write(mixed)
        written += len(mixed)
    file.truncate(written)


def _loudest(speech: BinaryIO) -> float:
    """Level of the loudest window in dB re full scale, each window's mean removed."""
    window, loudest = round(LOUDNESS_WINDOW * SPEECH_RATE), 0.0
    for block in _blocks(speech, 1):
        samples = block[:, 0]
        whole = len(samples) // window * window
        windows = samples[:whole].reshape(-1, window) if whole else samples[None]
        loudest = max(loudest, float(windows.std(axis=1).max()))
    return 20 * math.log10(max(loudest, 1e-10))
