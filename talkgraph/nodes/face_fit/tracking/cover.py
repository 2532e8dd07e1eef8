"""Whether something stands before the mouth: a microphone, a mask, a glove, told by its colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.landmarks import LIPS
from talkgraph.nodes.face_model.skin_tone import cannot_be_lips

# Cheeks on the image's left and right, bridge of the nose, between the brows.
_SKIN = (
    50, 101, 118, 117, 36, 205, 187, 207, 280, 330, 347, 346, 266, 425, 411, 427,
    6, 197, 195, 5, 9, 151,
)  # fmt: skip

Floats = NDArray[np.float32]


def mouth_is_covered(picture: NDArray[np.uint8], landmarks: Floats) -> bool:
    """Judge a picture `[shape=(H, W, 3)]` by the landmarks `[shape=(478, 3)]` of its face, px."""
    skin, lips = (_colour(picture, landmarks[list(points)]) for points in (_SKIN, LIPS))
    return cannot_be_lips(lips, skin)


def _colour(picture: NDArray[np.uint8], points: Floats) -> NDArray[np.float64]:
    """Median colour of the pixels at some points; outside, the border repeats."""
    height, width = picture.shape[:2]
    columns = np.clip(points[:, 0], 0, width - 1).astype(int)
    rows = np.clip(points[:, 1], 0, height - 1).astype(int)
    return np.asarray(np.median(picture[rows, columns], axis=0), np.float64)
