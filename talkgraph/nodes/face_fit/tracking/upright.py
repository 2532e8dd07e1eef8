"""Whether a face stands upright: the detector is surer of one that does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_fit.tracking.detector import FaceDetector

TURNS = (90, 180, 270)  # degrees clockwise
SURER = 0.12  # by which the score rises where a turn puts a face upright
SURE = 0.8  # score of a face that is upright
STEEP = 40.0  # degrees; a face that leans less is not on its side


def turn_of(pictures: Sequence[NDArray[np.uint8]], detect: FaceDetector) -> int:
    """Degrees clockwise by which pictures `[shape=(H, W, 3)]` have to be turned; 0 if upright.

    A face on its side or upside down is found by a network of upright ones, too, less surely and
    with points in the wrong places.
    """
    upright = [_best(picture, detect) for picture in pictures]
    score = float(np.median([one for one, _ in upright]))
    lean = float(np.median([abs(lean) for _, lean in upright]))
    best, turn = score + SURER, 0
    for degrees in TURNS:
        if degrees != 180 and score > 0 and lean < STEEP:
            continue
        turned = [np.ascontiguousarray(np.rot90(one, -degrees // 90)) for one in pictures]
        seen = float(np.median([_best(picture, detect)[0] for picture in turned]))
        if seen > max(best, SURE):
            best, turn = seen, degrees
    return turn


def _best(picture: NDArray[np.uint8], detect: FaceDetector) -> tuple[float, float]:
    """Score and lean (degrees) of the surest face, 0 if there is none."""
    found = detect(picture)
    if not len(found):
        return 0.0, 0.0
    across = found.keypoints[0, 1] - found.keypoints[0, 0]
    return float(found.scores[0]), float(np.degrees(np.arctan2(across[1], across[0])))
