"""`replay_head_motion`: the clip's own head motion, forwards and backwards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param
from talkgraph.nodes.geometry.neck import AT_ORIGIN, head_translation
from talkgraph.nodes.geometry.pose import ROTATION
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.values import FaceFit, Motion

Array = NDArray[np.float64]


@node("replay_head_motion", version=1)
class ReplayHeadMotion(Node):
    """The clip's own head motion, forwards and backwards, whatever is said.

    The baseline of every figure of head motion: it looks like the person, and follows no speech.
    At either end the head slows down and turns back, so that nothing jumps.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.head_motion import ReplayHeadMotion
        >>> spoken, person = synthetic_fit(frames=200).motion, synthetic_fit(frames=50)
        >>> ReplayHeadMotion().run(spoken, person).rotation.shape
        (200, 3)
    """

    turn: float = param(0.3, "time in which the head slows down before it turns back",
                        unit="s", ge=0)  # fmt: skip

    def run(self, motion: Motion, person: FaceFit | None = None) -> Motion:
        """Return `motion` with the head pose of the clip.

        Args:
            motion: what the face does; its pose is replaced.
            person: fit of the clip, or of a photo, whose one pose is held; None: a head that is
                held still at the origin.
        """
        count = len(motion.expression)
        pose = AT_ORIGIN[None] if person is None else seen_motion(person, None, smoothed=False).pose
        rate = 1.0 if person is None else person.motion.fps / motion.fps
        radius = self.turn * motion.fps * rate
        played = at_times(
            pose, there_and_back(len(pose), rate * np.arange(count, dtype=np.float64), radius)
        )
        return Motion(
            expression=motion.expression,
            rotation=np.asarray(played[:, ROTATION], np.float32),
            translation=np.asarray(head_translation(played), np.float32),
            fps=motion.fps,
        )


def there_and_back(count: int, times: Array, radius: float) -> Array:
    """Places `[shape=(T,)]` in a series of `count` frames that is played to and fro.

    Between the ends a place advances as fast as time does; within `radius` frames of an end it
    brakes evenly, so that its speed has no jump. It begins at the first place of full speed.

    Args:
        times: `[shape=(T,)]`, in frames.
    """
    last = count - 1.0
    if last <= 0:
        return np.zeros(len(times))
    radius = min(radius, last / 2)
    phase = np.mod(times + radius, 2 * last)
    from_end = np.minimum(phase, 2 * last - phase)  # 0 at the first frame, `last` at the last one
    return last - _braked(last - _braked(from_end, radius), radius)


def _braked(distance: Array, radius: float) -> Array:
    """|x| with a parabola of equal slope in the place of its corner."""
    if radius < 1e-6:
        return distance
    return np.where(distance < radius, (distance**2 / radius + radius) / 2, distance)


def at_times(series: Array, times: Array) -> Array:
    """Cubic interpolation of `series [shape=(T, D)]` at `times [shape=(n,)]` in frames."""
    from scipy.interpolate import PchipInterpolator

    if len(series) < 2:
        return np.repeat(series, len(times), axis=0)
    return np.asarray(PchipInterpolator(np.arange(len(series)), series)(times))
