"""Node `CropHead`: one fixed square that holds the head in every frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.engine.declare.node import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.detect_faces import FaceBoxes
from talkgraph.nodes.values import Clip, Crop, Footage

_STEP = 32  # px; sizes are multiples of it, for the networks that halve five times
_SMALLEST, _LARGEST = 256, 512  # px, of the automatic size
_TIGHTEST = 1.25  # times the face box: the square leaves the frame only to hold this much
_RAISE = 0.12  # the detector's box ends above the brows: the head's middle is this much higher


@node("crop_head", version=1)
class CropHead(Node):
    """Cut the head out of every frame with one square, so that the background stands still.

    The square is the envelope of the boxes between two quantiles of time, so that a few wrong
    frames do not widen it. It stays inside the frame where it can; outside, the border repeats.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from PIL import Image
        >>> from talkgraph.nodes.face_fit import CropHead
        >>> from talkgraph.nodes.face_fit.detect_faces import FaceBoxes
        >>> from talkgraph.nodes.media import ReadPhoto
        >>> from talkgraph.nodes.values import View
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (640, 480), "grey").save(photo)
        >>> faces = FaceBoxes(  # what detect_faces makes
        ...     boxes=np.array([[260, 160, 380, 300]], np.float32),
        ...     keypoints=np.zeros((1, 6, 2), np.float32),
        ...     scores=np.ones(1, np.float32),
        ...     measured=np.ones(1, np.bool_),
        ...     hidden=np.zeros(1, np.bool_),
        ...     found=1,
        ...     view=View(first=0, stop=1, left=0, top=0, width=640, height=480, scale=1.0),
        ... )
        >>> clip = CropHead().run(ReadPhoto().run(photo), faces)
        >>> clip.frames, clip.crop
        (Frames(1 x (256, 256, 3)), Crop(left=192.0, top=85.0, side=256.0))
    """

    room: float = param(1.9, "side of the square over that of the face box", ge=1.2, le=4)
    quantile: float = param(0.05, "share of frames ignored at each end", ge=0, lt=0.5)
    size: int = param(0, "side of the clip; 0 chooses 256 to 512 by the source", unit="px", ge=0)

    def run(self, footage: Footage, faces: FaceBoxes) -> Clip:
        """Crop `footage` around the head.

        Args:
            footage: the view that the boxes refer to, see `TakeView`.

        Raises:
            InputError: it is not that view.
        """
        from talkgraph.nodes.footage import open_footage

        size = (footage.width, footage.height)
        if footage.count != len(faces.boxes) or size != faces.view.size:
            raise InputError(
                f"the boxes refer to {len(faces.boxes)} frames of {faces.view.size[0]} x "
                f"{faces.view.size[1]} px, not to {footage.count} of {size[0]} x {size[1]}: take "
                "their `view` of the footage first, with TakeView"
            )

        crop, side = self.place(faces, footage.height, footage.width)
        source = open_footage(footage)
        return Clip(
            frames=crop_frames(source, crop, side),
            fps=footage.fps,
            crop=crop,
            speech=footage.speech,
        )

    def place(self, faces: FaceBoxes, height: int, width: int) -> tuple[Crop, int]:
        """The square in a frame of `height` x `width` px, and the clip's size."""
        boxes = faces.boxes.astype(np.float64)
        face = (boxes[:, 2:] - boxes[:, :2]).max(1)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2 - np.outer(face, [0.0, _RAISE])

        def envelope(room: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            half = (room * face / 2)[:, None]
            low = np.quantile(centre - half, self.quantile, axis=0)
            high = np.quantile(centre + half, 1 - self.quantile, axis=0)
            return low, high

        low, high = envelope(self.room)
        tight_low, tight_high = envelope(min(_TIGHTEST, self.room))
        shorter = float(min(height, width))
        wanted, tight = float((high - low).max()), float((tight_high - tight_low).max())
        side = float(math.floor(min(wanted, max(shorter, tight))))  # whole px, as are its corners
        size = self.size
        if not size:
            size = min(max(_SMALLEST, _multiple(side, shorter)), _LARGEST)
            if size == _multiple(side, shorter) or side < size <= shorter:
                side = float(size)  # source pixels are copied, not resampled
        middle = (low + high) / 2
        left = _inside(middle[0] - side / 2, side, width)
        top = _inside(middle[1] - side / 2, side, height)
        return Crop(left=left, top=top, side=side), size


def _multiple(side: float, shorter: float) -> int:
    """The nearest multiple of the step, the one below where that would leave the frame."""
    nearest = max(1, round(side / _STEP)) * _STEP
    return nearest - _STEP if nearest > shorter >= side and nearest > _STEP else nearest


def _inside(start: float, side: float, length: int) -> float:
    """Move [start, start + side] into [0, length], or around its middle if longer; whole px."""
    if side > length:
        return float(round((length - side) / 2))
    return float(min(max(math.floor(start + 0.5), 0), length - int(side)))


def crop_frames(source: Frames, crop: Crop, size: int) -> Frames:
    """Lazy frames of `crop`, `[shape=(T, size, size, 3), uint8]`."""

    def read(start: int, stop: int) -> NDArray[np.uint8]:
        return np.stack([crop_picture(picture, crop, size) for picture in source[start:stop]])

    return Frames.from_function(len(source), (size, size, 3), read)


def crop_picture(picture: NDArray[np.uint8], crop: Crop, size: int) -> NDArray[np.uint8]:
    """Cut and resize one picture; bicubic with antialiasing, whole pixels where sizes agree."""
    from PIL import Image

    height, width = picture.shape[:2]
    first_x, first_y = math.floor(crop.left), math.floor(crop.top)
    last_x, last_y = math.ceil(crop.left + crop.side), math.ceil(crop.top + crop.side)
    rows = np.clip(np.arange(first_y, last_y), 0, height - 1)
    columns = np.clip(np.arange(first_x, last_x), 0, width - 1)
    square = picture[rows[:, None], columns]
    if square.shape[:2] == (size, size) and crop.side == size:
        return np.ascontiguousarray(square)
    left, top = crop.left - first_x, crop.top - first_y
    box = (left, top, left + crop.side, top + crop.side)
    image = Image.fromarray(square).resize((size, size), Image.Resampling.BICUBIC, box=box)
    return np.asarray(image)
