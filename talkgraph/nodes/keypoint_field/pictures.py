"""Photos and frames as the networks take and make them."""

from __future__ import annotations

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.errors import InputError
from talkgraph.nodes.keypoint_field.networks import SIZE
from talkgraph.nodes.values import Floats


def to_network(pictures: Pictures) -> Floats:
    """Square pictures `[shape=(n, S, S, 3), uint8]` as `[shape=(n, 3, 256, 256), float32]`.

    Values are in [0, 1].
    """
    planes = resized(pictures).transpose(0, 3, 1, 2).astype(np.float32)
    return np.ascontiguousarray(planes / np.float32(255))


def resized(pictures: Pictures) -> Pictures:
    """Square pictures `[shape=(n, S, S, 3), uint8]` at 256 px, with anti-aliasing where they shrink
    (the published system has none)."""
    if pictures.shape[1:3] == (SIZE, SIZE):
        return pictures
    from PIL import Image

    side = (SIZE, SIZE)
    return np.stack(
        [np.asarray(Image.fromarray(x).resize(side, Image.Resampling.BILINEAR)) for x in pictures]
    )


def from_network(planes: Floats) -> Pictures:
    """Frames in [0, 1] `[shape=(n, 3, h, w)]` as `[shape=(n, h, w, 3), uint8]`, cut off as
    published."""
    levels = np.clip(planes * np.float32(255), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(0, 2, 3, 1))


def photo_of(frames: Frames, node: str) -> Floats:
    """The first frame of a clip, `[shape=(1, 3, 256, 256)]` in [0, 1].

    Raises:
        InputError: the clip is empty, or its frames are not square RGB.
    """
    if not len(frames) or frames.shape[0] != frames.shape[1] or frames.shape[2] != 3:
        raise InputError(
            f"{node}: expected a clip with a square RGB picture at `clip`, got {len(frames)} of "
            f"{frames.shape}; take it from crop_head"
        )
    return to_network(frames[:1])
