"""Clips of many people as examples: what the head did, and what was heard."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import InputError
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.head_motion.pattern.facts import PatternFacts
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.values import FaceFit, Floats, Speech, SpeechFeatures

Array = NDArray[np.float64]

LEAST_SPREAD = 1e-3


@attrs.frozen(kw_only=True, eq=False)
class Example:
    """The talk in one clip.

    pose: `[shape=(T, 6), float32]`, neck pose about its mean.
    windows: `[shape=(T, rows, bins), float32]`, MFCC with the zeroth coefficient.
    """

    name: str
    person: str
    pose: Floats
    windows: Floats
    fps: float

    def __len__(self) -> int:
        return len(self.pose)


def example_of(
    speech: Speech, features: SpeechFeatures, fit: FaceFit, *, name: str, person: str
) -> Example:
    """Pair what a clip shows with what is heard in it, cut to where its person talks.

    Raises:
        InputError: the clip has another rate than the features.
    """
    if fit.motion.fps != features.fps:
        raise InputError(f"{name}: a clip of {fit.motion.fps:g} fps, {features.fps:g} are needed")
    whole = min(len(fit.motion.rotation), len(features.windows))
    seen = seen_motion(fit, prosody_of(speech, len(fit.motion.rotation), fit.motion.fps))
    count = min(seen.start + len(seen), whole) - seen.start
    pose = seen.pose[:count]
    return Example(
        name=name,
        person=person,
        pose=(pose - pose.mean(0)).astype(np.float32),
        windows=features.windows[seen.start : seen.start + count],
        fps=features.fps,
    )


@attrs.frozen(kw_only=True, eq=False)
class Units:
    """Spread of poses and features within clips, in which each person counts once.

    pose_scale: `[shape=(6,)]`.   feature_scale, feature_mean: `[shape=(bins,)]`.
    """

    pose_scale: Array
    feature_scale: Array
    feature_mean: Array


def units_of(examples: Sequence[Example]) -> Units:
    """The units of a corpus."""
    weights = person_weights(examples)
    middle = [x.windows[:, x.windows.shape[1] // 2].astype(np.float64) for x in examples]

    def spread(parts: Sequence[NDArray[np.floating]]) -> Array:
        variances = np.stack([part.var(0, dtype=np.float64) for part in parts])
        return np.asarray(np.sqrt(weights @ variances))

    return Units(
        pose_scale=np.maximum(spread([x.pose for x in examples]), LEAST_SPREAD),
        feature_scale=np.maximum(spread(middle), LEAST_SPREAD),
        feature_mean=weights @ np.stack([part.mean(0) for part in middle]),
    )


def person_weights(examples: Sequence[Example]) -> Array:
    """`[shape=(clips,)]`, summing to 1: each person has the same, shared by their clips."""
    clips: dict[str, int] = {}
    for example in examples:
        clips[example.person] = clips.get(example.person, 0) + 1
    return np.array([1.0 / clips[example.person] for example in examples]) / len(clips)


def facts_of(units: Units, fps: float, prior: float) -> PatternFacts:
    """Facts of networks that were trained in these units."""
    return PatternFacts(fps=fps, feature_mean=units.feature_mean, feature_prior=prior)


def to_and_fro(count: int, wanted: int) -> NDArray[np.int64]:
    """Frames of a stretch of `count` that is played to and fro until it has `wanted` frames."""
    if count < 2:
        return np.zeros(wanted, np.int64)
    phase = np.arange(wanted) % (2 * count - 2)
    return np.minimum(phase, 2 * count - 2 - phase)
