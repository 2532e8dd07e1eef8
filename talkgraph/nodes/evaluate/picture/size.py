"""Frames brought to one size, as ATVG's script does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
SIDE = 256  # px, ATVG


def to_atvg_size(picture: Bytes, side: int = SIDE) -> Bytes:
    """Return `picture [shape=(H, W, 3), uint8]` as (side, side, 3) uint8, resized by area."""
    if picture.shape[:2] == (side, side):
        return picture
    from PIL import Image

    # Pillow's box filter averages the exact, fractional area of each target pixel when it
    # shrinks; where the picture grows, "area" means the nearest pixel, as in OpenCV's INTER_AREA
    # for whole factors.
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BOX))
