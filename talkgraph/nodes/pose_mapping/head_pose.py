"""From the network's timid head pose to one that moves like the person.

A net trained with a squared error predicts the mean of what is possible: its head movement has the
right moments but far too little range. Per axis the prediction is smoothed without lag, given the
person's mean and spread, and kept inside the range that the clip shows.
"""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.nodes.values import FaceFit, Floats


@attrs.frozen(kw_only=True, eq=False)
class PoseHabit:
    """How a head moves: mean, spread and range of (rotation, translation), `[shape=(6,)]` each."""

    mean: Floats
    std: Floats
    low: Floats
    high: Floats


def pose_of(fit: FaceFit) -> Floats:
    """Rotation and translation of the measured frames, `[shape=(T, 6), float32]`."""
    pose = np.concatenate([fit.motion.rotation, fit.motion.translation], axis=1)
    return np.asarray(pose[fit.measured] if fit.measured.any() else pose, np.float32)


def habit_of_clip(fit: FaceFit, percentile: float) -> PoseHabit:
    """The habit that a clip shows; its range leaves out `percentile` % at either end."""
    pose = pose_of(fit)
    low, high = np.percentile(pose, [percentile, 100 - percentile], axis=0).astype(np.float32)
    return PoseHabit(mean=pose.mean(0), std=pose.std(0), low=low, high=high)


def habit_around(pose: Floats, std: Floats, reach: float) -> PoseHabit:
    """The general habit around one pose `[shape=(6,)]`: `reach` standard deviations each way."""
    return PoseHabit(mean=pose, std=std, low=pose - reach * std, high=pose + reach * std)


def lowpass(signal: Floats, cutoff: float, fps: float) -> Floats:
    """Gaussian low-pass along axis 0 without lag; `cutoff` in Hz is where power is halved."""
    from scipy.ndimage import gaussian_filter1d

    sigma = np.sqrt(np.log(2.0)) / (2 * np.pi * cutoff) * fps
    return np.asarray(gaussian_filter1d(signal, sigma, axis=0, mode="nearest"), np.float32)


def soft_limit(values: Floats, low: Floats, high: Floats, knee: float) -> Floats:
    """Keep `values [shape=(T, n)]` between `low` and `high`, bending softly near the limits.

    Inside the inner part of the range (all but `knee` of each half) nothing changes; outside it a
    tanh leads towards the limit with continuous slope, so that movement slows and does not stop.
    """
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
    x = (values - middle) / half
    edge = 1.0 - knee
    beyond = np.sign(x) * (edge + knee * np.tanh((np.abs(x) - edge) / knee))
    return np.asarray(middle + half * np.where(np.abs(x) <= edge, x, beyond), np.float32)


def personal_pose(
    predicted: Floats, habit: PoseHabit, *, fps: float, cutoff: float, max_gain: float, knee: float
) -> Floats:
    """Give the predicted pose the person's place, range and calm.

    Args:
        predicted: `[shape=(T, 6)]`, relative to any constant.
        cutoff: of the low-pass, Hz.
        max_gain: most by which an axis is amplified to reach the person's spread.
        knee: part of the range in which the limit works, in (0, 1).

    Returns:
        `[shape=(T, 6), float32]`, strictly inside the habit's range.
    """
    smooth = lowpass(predicted, cutoff, fps)
    centred = smooth - smooth.mean(0)
    gain = np.minimum(habit.std / np.maximum(centred.std(0), 1e-9), max_gain)
    return soft_limit(habit.mean + gain * centred, habit.low, habit.high, knee)
