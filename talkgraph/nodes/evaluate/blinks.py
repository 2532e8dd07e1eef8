"""How often a person blinks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.lids import LID_PAIRS
from talkgraph.nodes.values import FaceTrack

Series = NDArray[np.floating]
Mask = NDArray[np.bool_]

EYE_CORNERS = ((33, 133), (362, 263))
CLOSED_BELOW = 0.6  # of the usual opening; a downward glance keeps about .8
USUAL_WITHIN = 1.0  # s either way over which the usual opening is the median
SHORTEST_GAP = 0.2  # s between two blinks
LONGEST_BLINK = 0.6  # s; eyes closed for longer are closed, not blinking


def lid_gap(track: FaceTrack) -> NDArray[np.float64]:
    """Gap of the lids over the width of the eye, mean of both eyes, `[shape=(T,)]`.

    Independent of the picture's size and of roll; yaw narrows the eye, so take it against its own
    neighbourhood.
    """
    points = track.landmarks[..., :2].astype(np.float64)
    lower, upper = np.asarray(LID_PAIRS).T
    gaps = np.linalg.norm(points[:, lower] - points[:, upper], axis=-1).mean(1)
    corners = np.asarray(EYE_CORNERS).T
    widths = np.linalg.norm(points[:, corners[0]] - points[:, corners[1]], axis=-1).mean(1)
    return np.asarray(gaps / np.maximum(widths, 1e-6), np.float64)


def blink_frames(gap: Series, fps: float, counted: Mask | None = None) -> list[int]:
    """The frames in which blinks are deepest, in order.

    A blink is a run of frames whose lid gap is below .6 of the median over the second around, no
    longer than .6 s, at least .2 s after the last one.

    Args:
        gap: `[shape=(T,)]`, any measure of the lids that is 0 when they touch.
        counted: `[shape=(T,)]`, False in frames whose face was not measured; None: all are.
    """
    from scipy.ndimage import median_filter

    reach = 2 * round(USUAL_WITHIN * fps) + 1
    closed = np.asarray(gap) < CLOSED_BELOW * median_filter(gap, reach, mode="nearest")
    if counted is not None:
        closed &= counted
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed, [False]]).astype(np.int8)))
    found: list[int] = []
    for start, stop in edges.reshape(-1, 2):
        deepest = int(start + np.argmin(gap[start:stop]))
        if stop - start <= LONGEST_BLINK * fps and (
            not found or deepest - found[-1] >= SHORTEST_GAP * fps
        ):
            found.append(deepest)
    return found


def blink_rate(gap: Series, fps: float, counted: Mask | None = None) -> float:
    """Blinks per minute of counted frames; see `blink_frames`. People speak with 15 to 30."""
    frames = len(gap) if counted is None else int(counted.sum())
    return len(blink_frames(gap, fps, counted)) * 60 * fps / frames if frames else 0.0
