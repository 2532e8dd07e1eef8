"""Which parts of a face cost a picture how much of its squared error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.picture.regions import box_region, face_region
from talkgraph.nodes.evaluate.picture.size import SIDE, to_atvg_size
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, INNER_LIPS, OUTER_LIPS, POINTS
from talkgraph.nodes.values import FaceTrack

Bytes = NDArray[np.uint8]

PARTS = ("inner mouth", "lips", "eyes", "edge", "skin", "below", "around")
"""Between the lips; the lips; eyes and lids; the face's outline; the rest of its skin; the box
below the face's middle and outside of it (jaw's shadow, neck, collar); the box beside and above it
(hair, ears, background)."""

EDGE = 0.05  # of the box' side: half the width of the outline's part
OPENED = 0.02  # of the box' side: how far about the lids the eyes reach


def error_shares(
    predicted: Bytes, real: Bytes, track: FaceTrack, side: int = SIDE
) -> dict[str, float]:
    """Share of each part in the squared error of the face box, of all measured frames; sum 1.

    Args:
        predicted, real: `[shape=(T, S, S, 3), uint8]`.
        track: of the real frames.
        side: px to which both are resized.
    """
    total = dict.fromkeys(PARTS, 0.0)
    for frame in np.flatnonzero(track.measured):
        mine, theirs = (to_atvg_size(p[frame], side).astype(np.float64) for p in (predicted, real))
        error = ((mine - theirs) ** 2).sum(axis=2) * box_region(track, int(frame), side)
        parts = parts_of(track, int(frame), side)
        for index, part in enumerate(PARTS):
            total[part] += float(error[parts == index].sum())
    whole = sum(total.values())
    return {part: value / whole if whole else 0.0 for part, value in total.items()}


def parts_of(track: FaceTrack, frame: int, side: int) -> NDArray[np.uint8]:
    """Index into `PARTS` of every pixel, `[shape=(side, side)]`."""
    from scipy.ndimage import binary_dilation, distance_transform_edt
    from skimage.draw import polygon

    points = track.landmarks[frame, :POINTS, :2].astype(np.float64) * (side / track.size)
    height = float(np.ptp(points[:, 1]))

    def filled(outline: tuple[int, ...]) -> NDArray[np.bool_]:
        mask = np.zeros((side, side), bool)
        at = points[list(outline)] - 0.5
        mask[polygon(at[:, 1], at[:, 0], mask.shape)] = True  # type: ignore[no-untyped-call]
        return mask

    face = face_region(track, frame, side)
    rows = np.arange(side)[:, None] + np.zeros((1, side))
    parts = np.full((side, side), PARTS.index("around"), np.uint8)
    parts[~face & (rows > points[:, 1].mean())] = PARTS.index("below")
    parts[face] = PARTS.index("skin")
    if face.any() and not face.all():
        depth = distance_transform_edt(face) + distance_transform_edt(~face)
        parts[depth <= EDGE * height] = PARTS.index("edge")
    eyes = np.zeros((side, side), bool)
    for rim in EYE_RIMS:
        eyes |= binary_dilation(filled(rim), iterations=max(1, round(OPENED * height)))
    parts[eyes] = PARTS.index("eyes")
    parts[filled(OUTER_LIPS)] = PARTS.index("lips")
    parts[filled(INNER_LIPS)] = PARTS.index("inner mouth")
    return parts
