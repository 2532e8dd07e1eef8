"""The log mel spectrogram that Whisper hears (Radford et al. 2022, section 2.2), in numpy.

Frame i is centred at sample 160 i, where 16000 samples are a second. At both ends the recording is
mirrored, so that there are as many frames as whole steps of 10 ms in it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.values import Floats

RATE = 16000  # Hz
HOP = 160  # samples, 10 ms
MELS = 80
_WINDOW = 400  # samples, 25 ms
_LEAST_POWER = 1e-10
_RANGE = 8.0  # decades below the loudest that are heard

# Slaney's scale: linear up to 1 kHz, 15 mel, then 27 steps for a factor of 6.4.
_LINEAR_HZ = 200 / 3  # per mel
_KNEE_MEL = 15.0
_LOG_STEP = np.log(6.4) / 27


def log_mel(samples: Floats) -> Floats:
    """Log mel energies of a recording, scaled as Whisper was trained.

    Silence, digital zero too, is finite: -1.5 where there is nothing else.

    Args:
        samples: `[shape=(n,)]` at 16 kHz, n > 200.

    Returns:
        `[shape=(80, n // 160), float32]`, at most 2 below the loudest.
    """
    count = len(samples) // HOP
    mirrored = np.pad(samples.astype(np.float64), _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, _WINDOW)[::HOP][:count]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    energy = np.log10(np.maximum(mel_filters() @ power.T, _LEAST_POWER))
    heard = np.maximum(energy, energy.max() - _RANGE)
    return np.asarray((heard + 4) / 4, np.float32)


@cache
def mel_filters() -> NDArray[np.float64]:
    """Triangles of equal area over the spectrum, evenly spaced on Slaney's mel scale.

    Returns:
        `[shape=(80, 201), float64]`, in 1/Hz.
    """
    corners = _hz_from_mel(np.linspace(0, _mel_from_hz(RATE / 2), MELS + 2))
    hz = np.arange(_WINDOW // 2 + 1) * (RATE / _WINDOW)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rise, fall = (hz - left) / (middle - left), (right - hz) / (right - middle)
    return np.maximum(0, np.minimum(rise, fall)) * 2 / (right - left)


def _hz_from_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee_hz = _KNEE_MEL * _LINEAR_HZ
    return np.where(
        mel < _KNEE_MEL, mel * _LINEAR_HZ, knee_hz * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    )


def _mel_from_hz(hz: float) -> float:
    knee_hz = _KNEE_MEL * _LINEAR_HZ
    if hz < knee_hz:
        return hz / _LINEAR_HZ
    return float(_KNEE_MEL + np.log(hz / knee_hz) / _LOG_STEP)
