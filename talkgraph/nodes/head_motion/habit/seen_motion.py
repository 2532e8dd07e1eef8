"""The head's motion that a clip shows, without what is no talking."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.geometry.pose import TRANSLATION
from talkgraph.nodes.prosody.prosody import Prosody
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import FaceFit

Array = NDArray[np.float64]

CUTOFF_HZ = 5.0
"""Heads hardly move faster; what does is the tracker's noise."""

_MARGIN_S = 0.2  # of silence that is kept at either end
_OUTSIDE = 5.0  # robust spreads from the median: somebody is still walking in
_LEAST_SPREAD = 0.03  # head units; a head that is held still has a spread below the tracker's noise


@attrs.frozen(kw_only=True, eq=False)
class SeenMotion:
    """Neck pose `[shape=(T, 6)]` of a clip's frames `start` to `start + T`."""

    pose: Array
    start: int
    fps: float

    def __len__(self) -> int:
        return len(self.pose)


def seen_motion(fit: FaceFit, prosody: Prosody | None, *, smoothed: bool = True) -> SeenMotion:
    """The motion of a talking person: gaps bridged, smoothed, ends cut off.

    Silence at the ends is cut to 0.2 s, and frames at the ends in which the person is still coming
    or already going; they say nothing about how the person talks, and much about depth.

    Args:
        prosody: of the clip's sound; None where it has none.
        smoothed: leave out what is faster than `CUTOFF_HZ`.
    """
    motion = fit.motion
    pose = _bridged(neck_pose(motion.rotation, motion.translation), fit.measured)
    start, stop = 0, len(pose)
    if prosody is not None and prosody.active[:stop].any():
        spoken = np.flatnonzero(prosody.active[:stop])
        margin = round(_MARGIN_S * motion.fps)
        start, stop = max(int(spoken[0]) - margin, 0), min(int(spoken[-1]) + margin + 1, stop)
    at_home = np.flatnonzero(_at_home(pose[start:stop]))
    if len(at_home):
        start, stop = start + int(at_home[0]), start + int(at_home[-1]) + 1
    if smoothed:
        pose = np.asarray(low_pass(pose, CUTOFF_HZ, motion.fps), np.float64)
    return SeenMotion(pose=pose[start:stop], start=start, fps=motion.fps)


def _bridged(pose: Array, measured: NDArray[np.bool_]) -> Array:
    """`pose` with the frames that were not measured on straight lines between those that were."""
    if measured.all() or not measured.any():
        return pose
    frames = np.arange(len(pose))
    columns = [np.interp(frames, frames[measured], axis[measured]) for axis in pose.T]
    return np.stack(columns, axis=1)


def _at_home(pose: Array) -> NDArray[np.bool_]:
    """Where the neck is about where it is most of the time, `[shape=(T,)]`."""
    if not len(pose):
        return np.zeros(0, bool)
    away = np.abs(pose[:, TRANSLATION] - np.median(pose[:, TRANSLATION], axis=0))
    spread = 1.5 * np.median(away, axis=0) + _LEAST_SPREAD
    return np.asarray((away <= _OUTSIDE * spread).all(1))
