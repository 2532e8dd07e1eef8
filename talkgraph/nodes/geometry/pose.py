"""A head pose as six numbers: three angles, then a place; the one layout of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROTATION, TRANSLATION = slice(0, 3), slice(3, 6)
"""Of the last axis: pitch, yaw, roll in rad, then x, y, z in head units (see `values`)."""


def pose_from_parts(rotation: ArrayLike, translation: ArrayLike) -> NDArray[Any]:
    """Join `rotation [shape=(..., 3)]` and `translation [shape=(..., 3)]` to `[shape=(..., 6)]`."""
    return np.concatenate([rotation, translation], axis=-1)
