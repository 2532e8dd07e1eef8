"""Conversion between RGB pictures and the YUV frames of video."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph.cache.frames import Pictures

BT709, LIMITED = 1, 1  # numbers of ITU-T H.273 for primaries, transfer and matrix; narrow range


def exact_scaling() -> Any:
    """Flags for libswscale without its shortcuts, which darken by 1.2 of 255 on average."""
    from av.video.reformatter import Interpolation as How

    return How.BILINEAR | How.ACCURATE_RND | How.FULL_CHR_H_INT | How.FULL_CHR_H_INP


def rgb_from_yuv(frame: Any) -> Pictures:
    """Return the picture `[shape=(H, W, 3), uint8]` of a decoded frame, by its own colour tags."""
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace=frame.colorspace,
        src_color_range=frame.color_range,
        dst_color_range="JPEG",
        interpolation=exact_scaling(),
    )
    picture: Pictures = rgb.to_ndarray()
    return picture


def yuv_from_rgb(picture: Pictures) -> Any:
    """Return a yuv420p frame in BT.709, narrow range, of `picture [shape=(H, W, 3), uint8]`.

    Sides that are odd grow by one pixel, a repeat of the border.
    """
    import av

    odd_rows, odd_columns = picture.shape[0] % 2, picture.shape[1] % 2
    if odd_rows or odd_columns:
        picture = np.pad(picture, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame = frame.reformat(
        format="yuv420p",
        src_colorspace="ITU709",
        dst_colorspace="ITU709",
        src_color_range="JPEG",
        dst_color_range="MPEG",
        interpolation=exact_scaling(),
    )
    frame.colorspace, frame.color_range = BT709, LIMITED
    return frame
