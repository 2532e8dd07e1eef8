"""Poses as the pattern networks take and give them.

Ours see the neck's pose about its mean, since where somebody stands says nothing about how they
move. The published ones see the head's pose as the face model has it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.neck import head_translation, neck_pose
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION, pose_from_parts
from talkgraph.nodes.head_motion.habit.seen_motion import SeenMotion, seen_motion
from talkgraph.nodes.head_motion.pattern.facts import HEAD, PatternFacts
from talkgraph.nodes.head_motion.replay_head_motion import at_times
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.values import FaceFit, Speech

Array = NDArray[np.float64]


def seen_talk(person: FaceFit, sound: Speech | None) -> SeenMotion:
    """The motion of a clip while its person talks, which `sound` tells."""
    heard = None
    if sound is not None:
        heard = prosody_of(sound, len(person.motion.rotation), person.motion.fps)
    return seen_motion(person, heard)


def to_network(pose: Array, facts: PatternFacts) -> Array:
    """The network's input of stretches of neck pose, `[shape=(..., T, 6)]`."""
    if facts.pose == HEAD:
        return pose_from_parts(pose[..., ROTATION], head_translation(pose))
    return np.asarray(pose - pose.mean(-2, keepdims=True))


def from_network(predicted: NDArray[np.floating], place: Array, facts: PatternFacts) -> Array:
    """The neck pose `[shape=(T, 6)]` that a network has predicted.

    Args:
        place: `[shape=(6,)]`, mean neck pose of the head that is moved; networks that give the
            head's pose itself know of no other place than that in the pattern.
    """
    if facts.pose == HEAD:
        return neck_pose(predicted[:, ROTATION], predicted[:, TRANSLATION])
    return np.asarray(place + predicted)


def resampled(pose: Array, fps: float, wanted: float) -> Array:
    """`pose [shape=(T, 6)]` at `wanted` frames per second."""
    if fps == wanted:
        return pose
    count = max(round(len(pose) * wanted / fps), 1)
    times = (np.arange(count) + 0.5) * fps / wanted - 0.5
    return at_times(pose, np.clip(times, 0, len(pose) - 1))
