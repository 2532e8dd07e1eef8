"""What a large photo shows beyond the generator's 256 px, moved along with the field."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.nodes.keypoint_field.networks import COARSE, SIZE
from talkgraph.nodes.values import Floats


def fine_detail(photo: Pictures) -> Floats:
    """What shrinking `photo [shape=(S, S, 3), uint8]` to 256 px loses, `[shape=(S, S, 3)]`."""
    small = _resized(photo, SIZE)
    return photo.astype(np.float32) - _resized(small, len(photo))


def with_detail(made: Pictures, detail: Floats, deformation: Floats, seen: Floats) -> Pictures:
    """A frame at the photo's size, with the detail of what is seen of the photo.

    Args:
        made: `[shape=(256, 256, 3), uint8]`, the generated frame.
        detail: `[shape=(S, S, 3)]`, of `fine_detail`.
        deformation: `[shape=(64, 64, 2)]`; -1 and 1 are the middles of the outer pixels, as the
            light networks have it (half a pixel of 256 px from the published ones at the edges).
        seen: `[shape=(64, 64)]` in [0, 1], how much of the detail is kept where.

    Returns:
        `[shape=(S, S, 3), uint8]`.
    """
    from scipy.ndimage import map_coordinates

    size = len(detail)
    between = _between(size)
    x, y = (between @ deformation[..., axis] @ between.T for axis in (0, 1))
    at = (np.stack([y, x]) + 1) / 2 * (size - 1)
    moved = np.stack(
        [
            map_coordinates(plane, at, order=1, mode="nearest")
            for plane in detail.transpose(2, 0, 1)
        ],
        axis=-1,
    )
    share = (between @ seen @ between.T)[..., None]
    frame = _resized(made, size).astype(np.float32) + share * moved
    whole: Pictures = np.clip(np.rint(frame), 0, 255).astype(np.uint8)
    return whole


@cache
def _between(size: int) -> NDArray[np.float32]:
    """Weights `[shape=(size, 64)]` of a map's positions at the pixels of a row, linear between."""
    place = np.arange(size) * (COARSE - 1) / (size - 1)
    left = np.minimum(place.astype(int), COARSE - 2)
    weights = np.zeros((size, COARSE), np.float32)
    rows = np.arange(size)
    weights[rows, left] = left + 1 - place
    weights[rows, left + 1] = place - left
    return weights


def _resized(picture: Pictures, size: int) -> Pictures:
    from PIL import Image

    image = Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image)
