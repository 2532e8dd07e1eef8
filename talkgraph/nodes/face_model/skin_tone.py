"""Whether a colour can be that of lips, beside the skin of the same face.

Lips are about as bright as the skin around them, and as red or redder. What is far darker or bluer
is none: a microphone, a mask, a glove. A bare hand is not told from a face by this.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

DARK = 1.0  # by which the logarithm of red lies below that of the skin
BLUE = 0.35  # by which that of blue over red lies above
FLOOR = 8.0  # levels; keeps the logarithm of black within reason


def cannot_be_lips(colour: ArrayLike, skin: ArrayLike) -> bool:
    """Judge a colour by the skin's, both `[shape=(3,)]`, RGB in levels of 255."""
    there, here = np.asarray(colour, np.float64), np.asarray(skin, np.float64)
    red, _, blue = np.log(there + FLOOR) - np.log(here + FLOOR)
    return bool(red < -DARK or blue - red > BLUE)
