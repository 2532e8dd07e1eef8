"""A head and what is said meanwhile, frame by frame: all figures of head motion start here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.values import value
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import Bools

Curves = NDArray[np.float64]
Mask = NDArray[np.bool_]

ANGLES = slice(0, 3)
NOISE_HZ = 5.0  # faster movement is the tracker's noise
MARGIN = 0.2  # s of silence that is kept before the first and after the last word


@value("head_talk")
class HeadTalk:
    """One person's head while they talk.

    pose: `[shape=(T, 6), float64]`, pitch, yaw, roll in degrees, place of the neck in head units.
    energy: `[shape=(T,), float64]`, log energy of the sound.
    active: `[shape=(T,), bool]`, where somebody speaks.
    pitch: `[shape=(T,), float64]`, log F0 in standard deviations, 0 where unvoiced.
    voiced: `[shape=(T,), bool]`.
    """

    pose: NDArray[np.float64]
    energy: NDArray[np.float64]
    active: Bools
    pitch: NDArray[np.float64]
    voiced: Bools
    fps: float

    def __len__(self) -> int:
        return len(self.pose)

    def part(self, start: int, stop: int) -> HeadTalk:
        """Frames start to stop."""
        cut = slice(start, stop)
        return HeadTalk(
            pose=self.pose[cut],
            energy=self.energy[cut],
            active=self.active[cut],
            pitch=self.pitch[cut],
            voiced=self.voiced[cut],
            fps=self.fps,
        )

    def with_pose(self, pose: NDArray[np.float64]) -> HeadTalk:
        """Another head, `[shape=(T, 6)]`, while the same is said."""
        return HeadTalk(
            pose=pose,
            energy=self.energy,
            active=self.active,
            pitch=self.pitch,
            voiced=self.voiced,
            fps=self.fps,
        )

    def spoken(self) -> HeadTalk:
        """Without the silence before the first and after the last word, but for .2 s.

        Presenters walk in before they speak, which is no head movement of speech. Where less than
        a second would be left, all stays.
        """
        at = np.flatnonzero(self.active)
        if not len(at):
            return self
        margin = round(MARGIN * self.fps)
        start, stop = max(int(at[0]) - margin, 0), min(int(at[-1]) + 1 + margin, len(self))
        return self if stop - start < self.fps else self.part(start, stop)


def head_curves(pose: Curves, measured: Mask, fps: float) -> Curves:
    """Poses with gaps bridged in straight lines and the tracker's noise taken off.

    Args:
        pose: `[shape=(T, 6)]`, of `geometry.neck.neck_pose`, angles in rad.
        measured: `[shape=(T,)]`; all False counts as all True.

    Returns:
        `[shape=(T, 6), float64]`, angles in degrees, low-passed at 5 Hz (half power).
    """
    filled = np.array(pose, np.float64)
    filled[:, ANGLES] = np.rad2deg(filled[:, ANGLES])
    if measured.any():
        at = np.arange(len(filled))
        for k in range(filled.shape[1]):
            filled[:, k] = np.interp(at, at[measured], filled[measured, k])
    # float32 of `low_pass` is precise to 1e-5 of a degree
    return np.asarray(low_pass(filled, NOISE_HZ, fps), np.float64)


def speed(pose: Curves, fps: float) -> NDArray[np.float64]:
    """Angular speed of the head, `[shape=(T,)]`, degrees per second (central differences)."""
    return np.asarray(np.linalg.norm(velocity(pose, fps)[:, ANGLES], axis=1))


def velocity(pose: Curves, fps: float) -> Curves:
    """Change per second of every column, `[shape=(T, D)]`, by central differences; T >= 2."""
    return np.asarray(np.gradient(np.asarray(pose, np.float64), axis=0) * fps)
