"""Turning pictures upright as the display matrix of a video says."""

from __future__ import annotations

from typing import Any

import attrs
import av
import numpy as np
from numpy.typing import NDArray

ONE = 1 << 16  # display matrices are in 16.16 fixed point


@attrs.frozen
class Orientation:
    """One of the eight ways to lay down a picture: transpose first, then mirror."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @property
    def trivial(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.transpose or self.mirror_x or self.mirror_y)

    def apply(self, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Lay one plane `[shape=(H, W)]` upright."""
        if self.transpose:
            plane = plane.T
        if self.mirror_x:
            plane = plane[:, ::-1]
        if self.mirror_y:
            plane = plane[::-1]
        return plane


def orientation(frame: Any) -> tuple[Orientation, bool]:
    """Read the orientation of a frame; False with it if it is not a multiple of 90 degrees.

    The matrix maps a stored point (x, y), y down, to the displayed (a x + c y, b x + d y).
    """
    side = frame.side_data.get("DISPLAYMATRIX")
    if side is None:
        return Orientation(), True
    matrix = np.frombuffer(bytes(side), dtype=np.int32)
    if len(matrix) != 9:
        return Orientation(), False
    a, b, c, d = (float(matrix[i]) / ONE for i in (0, 1, 3, 4))
    scale = max(abs(a), abs(b), abs(c), abs(d))
    near_axis = 0.02 * scale
    if scale > 0 and max(abs(b), abs(c)) <= near_axis and min(abs(a), abs(d)) > near_axis:
        return Orientation(False, a < 0, d < 0), True
    if scale > 0 and max(abs(a), abs(d)) <= near_axis and min(abs(b), abs(c)) > near_axis:
        return Orientation(True, c < 0, b < 0), True
    return Orientation(), False


def lay_upright(frame: Any, way: Orientation) -> Any:
    """Return the frame (yuv420p with even sides, or yuv444p) turned upright."""
    if way.trivial:
        return frame
    stored = frame.to_ndarray()
    height, width = frame.height, frame.width
    out_height, out_width = (width, height) if way.transpose else (height, width)
    if frame.format.name == "yuv420p":
        quarter = height * width // 4
        flat = stored.reshape(-1)
        small = (height // 2, width // 2)
        planes = [
            flat[: 4 * quarter].reshape(height, width),
            flat[4 * quarter : 5 * quarter].reshape(small),
            flat[5 * quarter :].reshape(small),
        ]
        turned = np.concatenate([way.apply(plane).ravel() for plane in planes])
        array = turned.reshape(out_height * 3 // 2, out_width)
    else:
        array = np.ascontiguousarray(np.stack([way.apply(plane) for plane in stored]))
    upright = av.VideoFrame.from_ndarray(array, format=frame.format.name)
    upright.colorspace, upright.color_range = frame.colorspace, frame.color_range
    return upright
