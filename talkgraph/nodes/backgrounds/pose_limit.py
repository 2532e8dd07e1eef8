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
