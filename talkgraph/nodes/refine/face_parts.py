"""Where face, mouth and eyes are in training pictures, from the tracked landmarks."""

from __future__ import annotations

import numpy as np

from talkgraph.nodes.face_model.face_mesh import OVAL
from talkgraph.nodes.refine.region import Region
from talkgraph.nodes.values import FaceTrack, Floats, Ints

FACE_SCALE = 0.92  # stays on the skin: silhouette and seam are the composite's own
FACE_BORDER = 0.025  # deviation of the blur of its border, as a share of the side


def detail_weights(
    track: FaceTrack,
    outline: tuple[int, ...],
    wanted: Ints,
    size: int,
    region: Region,
    margin: float,
) -> Floats:
    """Where the mouth or an eye is: 1 inside its outline, falling to 0 around it.

    Args:
        track: landmarks of the clip; in gaps the interpolated ones count.
        outline: landmarks around the part, e.g. `OUTER_LIPS`.
        wanted: `[shape=(N,), int64]`, frame numbers.
        size: side in px of the result, which shows `region`.
        region: the part of the frame that the network sees.
        margin: half axes of the ellipse at whose rim the weight is 0, in half widths and half
            heights of the part.

    Returns:
        `[shape=(N, size, size), float32]` in [0, 1].
    """
    points = outlines(track, outline, wanted, size, region)
    low, high = points.min(axis=1), points.max(axis=1)
    centre = (low + high) / 2
    half = (high - low) / 2
    # Closed lips and lids are a line; what is around them is not: at least half as high as wide.
    half[:, 1] = np.maximum(half[:, 1], half[:, 0] / 2)
    half = np.maximum(half, 1.0)
    at = np.arange(size, dtype=np.float32) + np.float32(0.5)
    x = (at[None, None, :] - centre[:, 0, None, None]) / half[:, 0, None, None]
    y = (at[None, :, None] - centre[:, 1, None, None]) / half[:, 1, None, None]
    # A slope from the part to the rim: no edge that the network could learn.
    weights: Floats = np.clip((margin - np.sqrt(x**2 + y**2)) / (margin - 1), 0, 1)
    return weights.astype(np.float32)


def face_masks(track: FaceTrack, wanted: Ints, size: int, region: Region) -> Floats:
    """1 inside the outline of the face, 0 outside, with a soft border.

    The outline is that of the landmarks, scaled by `FACE_SCALE`; the border is
    blurred by `FACE_BORDER`. Other arguments as in `detail_weights`.

    Returns:
        `[shape=(N, size, size), float32]` in [0, 1].
    """
    from PIL import Image, ImageDraw, ImageFilter

    points = outlines(track, OVAL, wanted, size, region)
    centre = points.mean(axis=1, keepdims=True)
    masks = np.empty((len(wanted), size, size), np.float32)
    for mask, outline in zip(masks, centre + (points - centre) * FACE_SCALE, strict=True):
        picture = Image.new("L", (size, size))
        ImageDraw.Draw(picture).polygon([tuple(p) for p in outline], fill=255)
        mask[:] = np.asarray(picture.filter(ImageFilter.GaussianBlur(FACE_BORDER * size)))
    return masks / np.float32(255)


def outlines(
    track: FaceTrack, outline: tuple[int, ...], wanted: Ints, size: int, region: Region
) -> Floats:
    """Landmarks in px of the region at the work size, `[shape=(N, len(outline), 2)]`."""
    offset = np.array([region.left, region.top], np.float32)
    points = track.landmarks[wanted][:, outline, :2] / np.float32(track.size)
    found: Floats = (points - offset) * np.float32(size / region.side)
    return found
