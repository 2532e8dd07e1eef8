"""The head's pose as it turns about the neck.

The origin of head space lies within the face, so that every nod moves it; the place of the neck
hardly moves when the head turns, and tells leaning apart from turning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION, pose_from_parts
from talkgraph.nodes.geometry.rotation import matrix_from_angles

NECK = (0.0, -0.9, -0.8)
"""The joint about which the head turns, in head space: below and behind the face."""

AT_ORIGIN = np.array([0.0, 0.0, 0.0, *NECK])
"""The neck pose of a head at the origin that looks at the camera."""

MIRROR = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0], np.float32)
"""Signs of pitch, yaw, roll, x, y, z of a pose in a mirror."""


def neck_pose(rotation: ArrayLike, translation: ArrayLike) -> NDArray[np.float64]:
    """Angles and the place of the neck, `[shape=(..., 6), float64]`.

    Args:
        rotation: `[shape=(..., 3)]`, rad.   translation: `[shape=(..., 3)]`, head units.
    """
    angles = np.asarray(rotation, np.float64)
    return pose_from_parts(angles, np.asarray(translation, np.float64) + _reach(angles))


def head_translation(pose: NDArray[np.floating]) -> NDArray[np.float64]:
    """The translation `[shape=(..., 3)]` of a head whose neck pose is `pose [shape=(..., 6)]`."""
    exact = np.asarray(pose, np.float64)
    return np.asarray(exact[..., TRANSLATION] - _reach(exact[..., ROTATION]))


def _reach(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(matrix_from_angles(angles) @ np.asarray(NECK))
