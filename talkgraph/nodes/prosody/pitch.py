"""Fundamental frequency by autocorrelation, with numpy alone.

Boersma, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio
of a sampled sound, 1993 (the method and the defaults of Praat): the autocorrelation of a Hann
window, divided by that of the window, has its peaks at the periods; the best path through the
candidates of all moments costs little where the pitch does not leap. Peaks are refined by a
parabola instead of Boersma's sinc interpolation.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOWEST_HZ, HIGHEST_HZ = 60.0, 450.0
_PERIODS = 3  # of the lowest pitch in a window
_CANDIDATES = 4
_SILENCE = 0.03  # of the loudest moment: below it, sound is taken for silence
_VOICING = 0.45  # strength of a peak above which a moment is voiced
_OCTAVE = 0.01  # preference of the higher of two equal candidates, per octave
_JUMP = 0.35  # cost of a leap of an octave within 10 ms
_ONSET = 0.14  # cost of a change between voiced and unvoiced within 10 ms
_BLOCK = 2048  # moments at a time
_LOUD_PERCENTILE = 99.0  # of the moments' peaks: a click is not the loudest moment


def track_pitch(samples: NDArray[np.floating], rate: int, times: Array) -> Array:
    """Fundamental frequency at `times`, `[shape=(T,), float64]` in Hz, 0 where unvoiced.

    Args:
        samples: `[shape=(n,)]`, mono.
        rate: samples per second.
        times: `[shape=(T,)]`, s, evenly spaced.
    """
    if not len(times):
        return np.zeros(0)
    peaks = np.concatenate(
        [_peak(samples, rate, times[at : at + _BLOCK]) for at in range(0, len(times), _BLOCK)]
    )
    loud = float(np.percentile(peaks, _LOUD_PERCENTILE))
    parts = [
        _candidates(samples, rate, times[at : at + _BLOCK], loud)
        for at in range(0, len(times), _BLOCK)
    ]
    hertz, strength = (np.concatenate(part) for part in zip(*parts, strict=True))
    step = float(times[1] - times[0]) if len(times) > 1 else 0.01
    path = _best_path(hertz, strength, 0.01 / step)
    return np.asarray(hertz[np.arange(len(hertz)), path])


def _windows(samples: NDArray[np.floating], rate: int, times: Array) -> Array:
    """The sound about each moment less its mean, `[shape=(T, width)]`; zeros beyond the ends."""
    width = round(_PERIODS / LOWEST_HZ * rate)
    first = np.round(times * rate).astype(np.int64) - width // 2
    start, stop = int(first[0]), int(first[-1]) + width
    inside = samples[max(start, 0) : max(stop, 0)]
    before = max(-start, 0)
    around = np.zeros(stop - start)
    around[before : before + len(inside)] = inside
    cut = np.lib.stride_tricks.sliding_window_view(around, width)[first - start]
    return np.asarray(cut - cut.mean(1, keepdims=True))


def _peak(samples: NDArray[np.floating], rate: int, times: Array) -> Array:
    return np.asarray(np.abs(_windows(samples, rate, times)).max(1))


@cache
def _window(width: int) -> tuple[Array, Array]:
    """Hann window and its normalised autocorrelation."""
    window = np.hanning(width + 2)[1:-1]
    spectrum = np.fft.rfft(window, 2 * width)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:width]
    return window, correlation / correlation[0]


def _candidates(
    samples: NDArray[np.floating], rate: int, times: Array, loud: float
) -> tuple[Array, Array]:
    """Frequencies and strengths `[shape=(T, 1 + 4)]`; the first candidate is unvoiced, 0 Hz."""
    cut = _windows(samples, rate, times)
    window, of_window = _window(cut.shape[1])
    spectrum = np.fft.rfft(cut * window, 2 * cut.shape[1])
    longest, shortest = int(np.ceil(rate / LOWEST_HZ)), int(rate / HIGHEST_HZ)
    lags = np.arange(shortest - 1, longest + 2)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)
    power = np.maximum(correlation[:, :1], 1e-12)
    r = correlation[:, lags] / power / of_window[lags]
    before, here, after = r[:, :-2], r[:, 1:-1], r[:, 2:]
    bend = np.minimum(before - 2 * here + after, -1e-12)
    shift = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    height = np.minimum(here - 0.25 * (before - after) * shift, 1.0)
    hertz = rate / (lags[1:-1] + shift)
    strength = height - _OCTAVE * np.log2(LOWEST_HZ / hertz)
    is_peak = (here > before) & (here >= after) & (here > 0.5 * _VOICING)
    strength = np.where(is_peak, strength, -np.inf)
    best = np.argsort(-strength, axis=1)[:, :_CANDIDATES]
    rows = np.arange(len(times))[:, None]
    quiet = np.abs(cut).max(1) / max(loud, 1e-12) / (_SILENCE / (1 + _VOICING))
    unvoiced = _VOICING + np.maximum(0.0, 2.0 - quiet)
    return (
        np.concatenate([np.zeros((len(times), 1)), hertz[rows, best]], 1),
        np.concatenate([unvoiced[:, None], strength[rows, best]], 1),
    )


def _best_path(hertz: Array, strength: Array, pace: float) -> NDArray[np.int64]:
    """Index of the candidate of each moment on the path of greatest strength less cost."""
    voiced = hertz > 0
    octave = np.where(voiced, np.log2(np.maximum(hertz, 1.0)), 0.0)
    score = strength[0]
    come_from = np.zeros(hertz.shape, np.int64)
    for t in range(1, len(hertz)):
        leap = _JUMP * np.abs(octave[t - 1][:, None] - octave[t])
        both = voiced[t - 1][:, None] & voiced[t]
        change = voiced[t - 1][:, None] != voiced[t]
        total = score[:, None] - pace * np.where(both, leap, _ONSET * change)
        come_from[t] = total.argmax(0)
        score = total.max(0) + strength[t]
    path = np.empty(len(hertz), np.int64)
    path[-1] = score.argmax()
    for t in range(len(hertz) - 1, 0, -1):
        path[t - 1] = come_from[t, path[t]]
    return path
