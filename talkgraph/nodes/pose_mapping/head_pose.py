"""From the network's timid head pose to one that moves like the person.

A net trained with a squared error predicts the mean of what is possible: its head movement has the
right moments but far too little range, and least of all the slow turns that make up most of a
person's movement. So the prediction is split into bands of frequency; each is given the spread that
the person has in it, the sum is set at the person's place and kept inside the range of the clip.
"""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.nodes.geometry.pose import pose_from_parts
from talkgraph.nodes.signals import soft_limit, split_bands
from talkgraph.nodes.values import FaceFit, Floats

# Upper ends of the bands. Nods reach 2 Hz or so; faster movement is the tracker's or net's noise.
BANDS_HZ = (0.25, 0.8, 2.5)


@attrs.frozen(kw_only=True, eq=False)
class PoseHabit:
    """How a head moves, in (rotation, translation).

    mean, low, high: `[shape=(6,)]`, place and range.
    band_std: `[shape=(3, 6)]`, spread in each band of `BANDS_HZ`.
    """

    mean: Floats
    band_std: Floats
    low: Floats
    high: Floats


def pose_of(fit: FaceFit) -> Floats:
    """Rotation and translation of the measured frames, `[shape=(T, 6), float32]`."""
    pose = pose_from_parts(fit.motion.rotation, fit.motion.translation)
    return np.asarray(pose[fit.measured] if fit.measured.any() else pose, np.float32)


def pose_bands(pose: Floats, fps: float) -> Floats:
    """Split `pose [shape=(T, 6)]` less its mean into bands, `[shape=(3, T, 6), float32]`."""
    return split_bands(pose - pose.mean(0), BANDS_HZ, fps)[:-1]


def habit_of_clip(fit: FaceFit, percentile: float) -> PoseHabit:
    """The habit that a clip shows; its range leaves out `percentile` % at either end."""
    pose = pose_of(fit)
    low, high = np.percentile(pose, [percentile, 100 - percentile], axis=0).astype(np.float32)
    whole = pose_from_parts(fit.motion.rotation, fit.motion.translation)
    spread = pose_bands(whole, fit.motion.fps).std(1)
    return PoseHabit(mean=pose.mean(0), band_std=spread, low=low, high=high)


def habit_around(pose: Floats, std: Floats, band_std: Floats, reach: float) -> PoseHabit:
    """The general habit around one pose `[shape=(6,)]`: `reach` standard deviations each way."""
    return PoseHabit(mean=pose, band_std=band_std, low=pose - reach * std, high=pose + reach * std)


def personal_pose(
    predicted: Floats, habit: PoseHabit, *, fps: float, max_gain: float, knee: float
) -> Floats:
    """Give the predicted pose the person's place, range and calm.

    Args:
        predicted: `[shape=(T, 6)]`, relative to any constant.
        max_gain: most by which a band of an axis is amplified to reach the person's spread.
        knee: share of the range, from its middle, in which the pose is left alone; in [0, 1).

    Returns:
        `[shape=(T, 6), float32]`, inside the habit's range.
    """
    bands = pose_bands(predicted, fps)
    gain = np.minimum(habit.band_std / np.maximum(bands.std(1), 1e-9), max_gain)
    moved = (gain[:, None] * bands).sum(0)
    return soft_limit(habit.mean + moved, habit.low, habit.high, knee)
