"""Turning pictures upright as the display matrix of a video says."""

from __future__ import annotations

from typing import Any

import attrs
import av
import numpy as np
from numpy.typing import NDArray

ONE = 1 << 16  # display matrices are in 16.16 fixed point
FULL, LIMITED_BLACK, GREY = 2, 16, 128  # range by ITU-T H.273, levels of 8 bits


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

    def turned(self, degrees: int) -> Orientation:
        """The same, then turned clockwise by a multiple of 90 degrees."""
        transpose, mirror_x, mirror_y = self.transpose, self.mirror_x, self.mirror_y
        for _ in range(degrees // 90 % 4):  # a quarter turn is a transposition, then a mirror
            transpose, mirror_x, mirror_y = not transpose, not mirror_y, mirror_x
        return Orientation(transpose, mirror_x, mirror_y)

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
    return from_planes([way.apply(plane) for plane in planes_of(frame)], like=frame)


def planes_of(frame: Any) -> list[NDArray[np.uint8]]:
    """The three planes of a frame (yuv420p with even sides, or yuv444p)."""
    stored = frame.to_ndarray()
    if frame.format.name != "yuv420p":
        return list(stored)
    height, width = frame.height, frame.width
    flat, quarter = stored.reshape(-1), height * width // 4
    small = (height // 2, width // 2)
    return [
        flat[: 4 * quarter].reshape(height, width),
        flat[4 * quarter : 5 * quarter].reshape(small),
        flat[5 * quarter :].reshape(small),
    ]


def from_planes(planes: list[NDArray[np.uint8]], like: Any) -> Any:
    """A frame of these planes with the format and the colours of another."""
    if like.format.name == "yuv420p":
        height, width = planes[0].shape
        array = np.concatenate([plane.ravel() for plane in planes])
        array = array.reshape(height * 3 // 2, width)
    else:
        array = np.ascontiguousarray(np.stack(planes))
    frame = av.VideoFrame.from_ndarray(array, format=like.format.name)
    frame.colorspace, frame.color_range = like.colorspace, like.color_range
    return frame


def set_into(frame: Any, width: int, height: int) -> Any:
    """Lay the frame into the middle of a larger black one; offsets are even."""
    left, top = (width - frame.width) // 4 * 2, (height - frame.height) // 4 * 2
    black = 0 if frame.color_range == FULL else LIMITED_BLACK
    planes = []
    for plane, value in zip(planes_of(frame), (black, GREY, GREY), strict=True):
        small = frame.height // plane.shape[0]
        behind = np.full((height // small, width // small), value, np.uint8)
        rows, columns = plane.shape
        behind[top // small :, left // small :][:rows, :columns] = plane
        planes.append(behind)
    return from_planes(planes, like=frame)
