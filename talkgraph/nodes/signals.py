"""Series in time: smoothing without lag, bands, limits without kinks, correlation and lag.

`smooth_in_time` is the Whittaker smoother (penalised least squares). It minimises
sum_t w_t (x_t - y_t)^2 + lambda sum_t (x_{t-1} - 2 x_t + x_{t+1})^2. Its response is symmetric in
time, so nothing is delayed, and a frame of weight 0 is bridged by a cubic spline. Whittaker, On a
new method of graduation, 1923; Eilers, A perfect smoother, 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)


def whittaker_lambda(cutoff_hz: float, fps: float) -> float:
    """The penalty whose amplitude response is one half at `cutoff_hz`; at least 1/16.

    The response of the second-difference penalty is 1 / (1 + lambda (2 sin(pi f / fps))^4).

    Args:
        cutoff_hz: > 0 Hz; above half of `fps`, the fastest that frames can show, it counts as that.
        fps: > 0, frames per second.

    Raises:
        ValueError: `cutoff_hz` is not above 0.
    """
    _above_zero(cutoff_hz)
    return float((2 * np.sin(np.pi * min(cutoff_hz / fps, 0.5))) ** -4)


def smooth_in_time(
    series: NDArray[np.floating], weights: NDArray[np.floating], cutoff_hz: float, fps: float
) -> NDArray[np.float64]:
    """Smooth `series [shape=(T, D)]` along time.

    Args:
        series: the values; what stands where the weight is 0 does not matter.
        weights: `[shape=(T,)]`, 1 for a trusted frame, 0 for one to be bridged.
        cutoff_hz: frequency at which half of the amplitude is left.
        fps: frames per second.

    Returns:
        `[shape=(T, D), float64]`.
    """
    from scipy.linalg import solveh_banded

    values: NDArray[np.float64] = np.array(series, np.float64)
    count = len(values)
    if count < 3:
        return values
    if np.sum(weights) == 0:
        return values
    # The addition keeps the system regular where fewer than two frames are trusted.
    trust = np.asarray(weights, np.float64) + 1e-9
    penalty = whittaker_lambda(cutoff_hz, fps)
    # Upper bands of D'D for the second-difference operator D.
    bands = np.zeros((3, count))
    main = np.full(count, 6.0)
    main[[0, -1]] = 1.0
    main[[1, -2]] = 5.0 if count > 3 else 4.0
    first = np.full(count - 1, -4.0)
    first[[0, -1]] = -2.0
    bands[2] = penalty * main + trust
    bands[1, 1:] = penalty * first
    bands[0, 2:] = penalty
    return np.asarray(solveh_banded(bands, trust[:, None] * values), np.float64)


def low_pass(signal: NDArray[np.floating], cutoff_hz: float, fps: float) -> NDArray[np.float32]:
    """Gaussian low-pass along axis 0, without lag; the end values are held beyond the ends.

    Args:
        signal: `[shape=(T, ...)]`, T >= 1.
        cutoff_hz: > 0 Hz, where half of the power, which is 0.71 of the amplitude, is left; from
            `fps` on nothing changes.
        fps: > 0, frames per second.

    Returns:
        `[shape=(T, ...), float32]`, within the range of `signal`.

    Raises:
        ValueError: `cutoff_hz` is not above 0.
    """
    from scipy.ndimage import gaussian_filter1d

    _above_zero(cutoff_hz)
    sigma = np.sqrt(np.log(2.0)) / (2 * np.pi * cutoff_hz) * fps
    return np.asarray(gaussian_filter1d(signal, sigma, axis=0, mode="nearest"), np.float32)


def _above_zero(cutoff_hz: float) -> None:
    if not cutoff_hz > 0:
        raise ValueError(f"cutoff_hz is {cutoff_hz:g} Hz; give a frequency above 0")


def split_bands(
    signal: NDArray[np.floating], cutoffs_hz: Sequence[float], fps: float
) -> NDArray[np.float32]:
    """Split `signal [shape=(T, ...)]` at rising `cutoffs_hz` into bands that sum to it.

    Returns:
        `[shape=(len(cutoffs_hz) + 1, T, ...), float32]`, the slowest first; the last is what lies
        above all cutoffs.
    """
    low = [low_pass(signal, cutoff, fps) for cutoff in cutoffs_hz]
    whole = np.asarray(signal, np.float32)
    return np.stack([low[0], *(b - a for a, b in pairwise([*low, whole]))])


def soft_limit(
    values: NDArray[F],
    low: NDArray[np.floating] | float,
    high: NDArray[np.floating] | float,
    knee: float,
) -> NDArray[F]:
    """Keep `values` between `low` and `high`, bending softly near the limits.

    Up to the share `knee` of the way from the middle of the range to a limit nothing changes;
    from there a tanh leads towards the limit with continuous slope of at most 1, so that movement
    slows and does not stop. An empty range gives its middle.

    Args:
        values: `[shape=(...)]`, floats; the result has their dtype.
        low, high: of a shape that fits to that of `values`.
        knee: in [0, 1).
    """
    middle, half = np.add(low, high) / 2, np.maximum(np.subtract(high, low) / 2, 1e-12)
    away = values - middle
    excess = np.maximum(np.abs(away) - knee * half, 0.0)
    room = (1.0 - knee) * half
    bent = middle + np.sign(away) * (knee * half + room * np.tanh(excess / room))
    return np.where(excess > 0, bent, values).astype(values.dtype)


def smoothstep(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rise from 0 at 0 to 1 at 1, level there and beyond: 3 x² - 2 x³ of `x [shape=(T,)]`."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def evenly_spread(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the numbers 0 ... count - 1, from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def spread_in_stretches(bands: NDArray[np.floating], frames: float) -> NDArray[np.float64]:
    """Standard deviation of `bands [shape=(b, T, n)]` in time, `[shape=(b, n)]`.

    It is that within stretches of about `frames`: what is watched for longer strays further.
    """
    count = max(round(bands.shape[1] / frames), 1)
    parts = np.array_split(bands.astype(np.float64), count, axis=1)
    return np.asarray(np.sqrt(np.mean([part.var(1) for part in parts], axis=0)))


def not_finite(*series: NDArray[np.floating]) -> str:
    """How many frames of series `[shape=(T, n)]` hold what is no number, in a line; or nothing."""
    bad = ~np.all([np.isfinite(one).all(axis=1) for one in series], axis=0)
    return f"{int(bad.sum())} of {len(bad)} frames are not" if bad.any() else ""


def correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Pearson's r of two series `[shape=(T,)]`; 0 where one is constant or T < 2."""
    if len(a) < 2 or a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def best_lag(
    late: NDArray[np.floating],
    reference: NDArray[np.floating],
    most: int,
    counted: NDArray[np.bool_] | None = None,
) -> tuple[int, float]:
    """Return the lag of the highest correlation, and that correlation.

    Args:
        late, reference: `[shape=(T,)]`, T > most + 2.
        most: the largest lag that is tried, in frames, either way.
        counted: `[shape=(T,)]`, which frames of `late` count; None: all.

    Returns:
        lag in frames, positive where `late` is behind: late[t + lag] goes with reference[t]; of
        equal correlations the smallest lag.

    Raises:
        ValueError: for series of different length, or too short ones.
    """
    count = len(reference)
    if len(late) != count or count <= most + 2:
        raise ValueError(
            f"two series of one length above {most + 2} are needed, got {len(late)} and {count}"
        )
    seen = np.ones(count, bool) if counted is None else counted
    best = (0, -np.inf)
    for lag in sorted(range(-most, most + 1), key=abs):
        behind, ahead = max(lag, 0), max(-lag, 0)
        one, other = slice(behind, count - ahead), slice(ahead, count - behind)
        found = correlation(late[one][seen[one]], reference[other][seen[one]])
        if found > best[1] + 1e-12:
            best = (lag, found)
    return best
