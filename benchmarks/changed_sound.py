"""Copies of a recording as other rooms, microphones and lines would have it."""

from __future__ import annotations

import zlib

import numpy as np

from talkgraph.nodes.values import Floats

_HALL_S = (0.15, 0.5)  # until an echo has fallen by 60 dB
_HALL = (0.2, 0.8)  # its share of the direct sound
_NOISE_DB = (5.0, 30.0)  # speech over noise
_BAND_HZ = ((60.0, 300.0), (3000.0, 7000.0))
_LEVELS = 100  # of the companded samples
_MU = 255  # G.711
_GAIN = (0.3, 1.5)


def changed(samples: Floats, rate: int, seed: int) -> Floats:
    """`samples [shape=(n,)]` with an echo, noise, a narrow band and coarse steps, each or not."""
    from scipy.signal import butter, fftconvolve, sosfilt

    random = np.random.default_rng([seed, zlib.crc32(samples.tobytes())])
    sound = samples.astype(np.float64)
    if random.random() < 0.6:
        time = np.arange(rate // 2) / rate
        echo = random.standard_normal(len(time)) * 10 ** (-3 * time / random.uniform(*_HALL_S))
        echo *= random.uniform(*_HALL) / np.sqrt((echo**2).sum())
        echo[0] = 1.0
        sound = fftconvolve(sound, echo)[: len(sound)]
    if random.random() < 0.8:
        noise = random.standard_normal(len(sound))
        if random.random() < 0.5:  # a duller one
            noise = sosfilt(butter(1, random.uniform(200, 2000), fs=rate, output="sos"), noise)
        level = np.sqrt((sound**2).mean() / max((noise**2).mean(), 1e-20))
        sound = sound + noise * level * 10 ** (-random.uniform(*_NOISE_DB) / 20)
    if random.random() < 0.4:
        band = [random.uniform(*edge) for edge in _BAND_HZ]
        sound = sosfilt(butter(4, band, "band", fs=rate, output="sos"), sound)
    if random.random() < 0.3:
        most = max(np.abs(sound).max(), 1e-9)
        pressed = np.sign(sound) * np.log1p(_MU * np.abs(sound) / most) / np.log1p(_MU)
        pressed = np.round(pressed * _LEVELS) / _LEVELS
        sound = np.sign(pressed) * most * np.expm1(np.abs(pressed) * np.log1p(_MU)) / _MU
    return np.asarray(np.clip(sound * random.uniform(*_GAIN), -1, 1), np.float32)
