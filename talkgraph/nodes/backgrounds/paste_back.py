"""Puts the made head pictures back into the footage's frames (Yi et al. 2020, section 3.3)."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import GraphError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.values import Backgrounds, Crop, Footage

Floats = NDArray[np.float32]


@node(
    "paste_back",
    version=1,
    transient=True,
    receptive_field={"frames": 0, "backgrounds.source": 0},
)
class PasteBack(Node):
    """Each head picture at its place in its background frame, with a feathered border.

    The picture is resized to the crop's square (which may start between pixels and reach outside
    the frame) and blended with the frame behind it: not at all at the square's border, wholly
    from `feather` times its side inwards, so that the two meet without a step.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from PIL import Image
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.backgrounds import PasteBack
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.media import ReadPhoto
        >>> from talkgraph.nodes.values import Backgrounds, Crop
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (320, 240), "grey").save(photo)
        >>> behind = Backgrounds(  # the photo behind both pictures
        ...     source=np.zeros(2, np.int64), keyframes=np.zeros(0, np.int64),
        ...     motion=synthetic_fit(frames=2).motion,
        ... )
        >>> heads = Frames.from_array(np.zeros((2, 64, 64, 3), np.uint8))
        >>> crop = Crop(left=120.0, top=50.0, side=100.0)
        >>> pasted = PasteBack().run(heads, ReadPhoto().run(photo), crop, behind)
        >>> pasted, pasted[1][100, 170].tolist()  # black in the middle of the crop
        (Frames(2 x (240, 320, 3)), [0, 0, 0])
    """

    feather: float = param(0.1, "width of the blended border", unit="crop sides", ge=0.0, le=0.5)

    def run(
        self, frames: Frames, footage: Footage, crop: Crop, backgrounds: Backgrounds | None = None
    ) -> Frames:
        """Return lazy frames `[shape=(T, footage.height, footage.width, 3), uint8]`.

        Args:
            frames: `[shape=(T, S, S, 3), uint8]`, the head pictures.
            crop: where they lie in the footage's frames.
            backgrounds: `source[t]` is the footage's frame behind picture t; None: its first
                frame behind all, as of a photo.
        """
        size = frames.shape[0]
        source = np.zeros(len(frames), np.int64) if backgrounds is None else backgrounds.source
        if frames.shape != (size, size, 3):
            raise GraphError(f"paste_back: head pictures must be square RGB, got {frames.shape}")
        if len(source) != len(frames):
            raise GraphError(
                f"paste_back: {len(frames)} head pictures for {len(source)} background frames; "
                "both must come from the same motion"
            )
        if len(source) and not 0 <= source.min() <= source.max() < footage.count:
            raise GraphError(
                f"paste_back: backgrounds name frames {source.min()} to {source.max()} of a "
                f"footage of {footage.count}; both must come from the same clip"
            )
        behind = open_footage(footage)
        place = Place.of(crop, size, footage.width, footage.height, self.feather)

        def read(start: int, stop: int) -> Pictures:
            out = np.empty((stop - start, *behind.shape), np.uint8)
            for row, picture in enumerate(frames[start:stop]):
                out[row] = behind[int(source[start + row])]
                place.paste(picture, out[row])
            return out

        return Frames(len(frames), behind.shape, read, once=frames.once)


@attrs.frozen
class Place:
    """Where and how a square picture lies in a frame; the same for all frames of a clip.

    left, top, width, height: the frame's pixels that lie wholly inside square and frame.
    box: these pixels' outline in the picture's coordinates, px.
    ramp_x, ramp_y: weights of the picture along each axis, `[float32]` in [0, 1].
    """

    left: int
    top: int
    width: int
    height: int
    box: tuple[float, float, float, float]
    ramp_x: Floats
    ramp_y: Floats

    @classmethod
    def of(
        cls, crop: Crop, size: int, frame_width: int, frame_height: int, feather: float
    ) -> Place:
        """Work out the place of a picture of `size` px in a frame."""
        left, width = _covered(crop.left, crop.side, frame_width)
        top, height = _covered(crop.top, crop.side, frame_height)
        scale = size / crop.side
        box = (
            max(0.0, (left - crop.left) * scale),
            max(0.0, (top - crop.top) * scale),
            min(float(size), (left + width - crop.left) * scale),
            min(float(size), (top + height - crop.top) * scale),
        )
        border = feather * crop.side
        ramp_x = _ramp(left + np.arange(width) + 0.5 - crop.left, crop.side, border)
        ramp_y = _ramp(top + np.arange(height) + 0.5 - crop.top, crop.side, border)
        return cls(left, top, width, height, box, ramp_x, ramp_y)

    def paste(self, picture: Pictures, frame: Pictures) -> None:
        """Blend `picture [shape=(S, S, 3)]` into `frame [shape=(H, W, 3)]`, in place."""
        if self.width <= 0 or self.height <= 0:
            return
        fitted = self._fit(picture)
        target = frame[self.top : self.top + self.height, self.left : self.left + self.width]
        inner_x, inner_y = _whole(self.ramp_x), _whole(self.ramp_y)
        bands = [
            (slice(0, inner_y.start), slice(None)),
            (slice(inner_y.stop, None), slice(None)),
            (inner_y, slice(0, inner_x.start)),
            (inner_y, slice(inner_x.stop, None)),
        ]
        for rows, columns in bands:
            weight = (self.ramp_y[rows, None] * self.ramp_x[None, columns])[..., None]
            behind = target[rows, columns].astype(np.float32)
            mixed = behind + weight * (fitted[rows, columns] - behind)
            target[rows, columns] = (mixed + 0.5).astype(np.uint8)
        target[inner_y, inner_x] = fitted[inner_y, inner_x]

    def _fit(self, picture: Pictures) -> Pictures:
        """Resize to the frame's pixels: cubic when growing, Lanczos when shrinking."""
        box_width, box_height = self.box[2] - self.box[0], self.box[3] - self.box[1]
        if (box_width, box_height) == (self.width, self.height) and all(
            side == round(side) for side in self.box
        ):
            x, y = round(self.box[0]), round(self.box[1])
            return picture[y : y + self.height, x : x + self.width]
        from PIL import Image

        growing = self.width >= box_width
        kernel = Image.Resampling.BICUBIC if growing else Image.Resampling.LANCZOS
        image = Image.fromarray(picture)
        return np.asarray(image.resize((self.width, self.height), kernel, box=self.box))


def _covered(start: float, side: float, frame: int) -> tuple[int, int]:
    """First pixel and number of pixels wholly inside the square and the frame, along one axis."""
    tiny = 1e-6  # px; a border on a pixel's edge counts as on it
    first = max(0, math.ceil(start - tiny))
    last = min(frame, math.floor(start + side + tiny))
    return first, max(0, last - first)


def _ramp(inside: NDArray[np.floating[Any]], side: float, border: float) -> Floats:
    """Weight by distance from the square's border: smooth, 0 on it and 1 from `border` px on."""
    distance = np.minimum(inside, side - inside)
    part = np.clip(distance, 0, border) / border if border > 0 else np.ones_like(distance)
    # The quintic has no kink and no jump of curvature at either end, where the eye finds edges.
    smooth: Floats = (part**3 * (part * (6 * part - 15) + 10)).astype(np.float32)
    return smooth


def _whole(ramp: Floats) -> slice:
    """The run of weights equal to 1 (they rise, stay and fall)."""
    ones = np.flatnonzero(ramp >= 1)
    return slice(int(ones[0]), int(ones[-1]) + 1) if len(ones) else slice(0, 0)
