"""How far a predicted head pose may differ from the background that it is shown on.

The paper says only that "the pose in each frame is also modified to fit the background" (section
3.3); its public implementation replaces it, so that the head replays the clip. Here the background
is warped to the head (`warp_background`), and the pose is modified only where it asks for more
than that warp can bear.

A pose is taken apart into its rotation and the place of the neck, the point about which heads
turn. The shoulders stay where the background frame has them, so the neck may move less than the
head turns; limiting rotation and neck apart keeps the head on its neck.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.rotation import matrix_from_angles
from talkgraph.nodes.values import Floats

Curve = NDArray[np.float64]


def neck_in_camera(rotation: Floats | Curve, translation: Floats | Curve, neck: Curve) -> Curve:
    """Place of the point `neck [shape=(3,)]` (head space) under each pose, `[shape=(T, 3)]`."""
    turned = matrix_from_angles(np.asarray(rotation, np.float64)) @ neck
    return np.asarray(turned + np.asarray(translation, np.float64), np.float64)


def soft_limit(value: Curve, limit: Curve | float, knee: float) -> Curve:
    """Bound `value` to (-limit, limit): unchanged up to `knee` * limit, then bending smoothly.

    Odd, monotone, slope at most 1; limit 0 gives 0.
    """
    bound = np.maximum(np.broadcast_to(np.asarray(limit, np.float64), np.shape(value)), 1e-12)
    start, room = knee * bound, (1.0 - knee) * bound
    excess = np.maximum(np.abs(value) - start, 0.0)
    bent = start + room * np.tanh(excess / np.maximum(room, 1e-12))
    return np.asarray(np.where(excess > 0, np.sign(value) * bent, value), np.float64)
