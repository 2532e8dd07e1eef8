"""Which part of a large photo is worked on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph import engine
from talkgraph.nodes.face_fit.tracking.faces import Face
from talkgraph.nodes.values import View

ENOUGH = 256.0  # px; a face is not scaled down below this height


def view_of(face: Face, width: int, height: int, max_side: int) -> View:
    """The view of a photo of `width` x `height` px in which no side is longer than `max_side`.

    It is the whole photo, scaled down, where the face stays large enough in it, and the
    surroundings of the face otherwise.
    """
    longer = max(width, height)
    scale = min(1.0, max_side / longer)
    if scale == 1.0 or face.side * scale >= ENOUGH:
        if scale < 1.0:
            engine.note(f"the photo is scaled down from {width} x {height} px to {max_side} px")
        return View(first=0, stop=1, left=0, top=0, width=width, height=height, scale=scale)
    scale = min(1.0, ENOUGH / face.side)
    part = max_side / scale / longer
    across, down = round(width * part), round(height * part)
    centre = (face.boxes[0, :2] + face.boxes[0, 2:]) / 2
    corner = np.clip(centre - [across / 2, down / 2], 0, [width - across, height - down])
    engine.note(
        f"the face is {face.side:.0f} px tall in a photo of {width} x {height} px, which is cut "
        f"to {across} x {down} px around it"
    )
    left, top = (int(place) for place in corner)
    return View(first=0, stop=1, left=left, top=top, width=across, height=down, scale=scale)


def reduced(picture: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    """A picture `[shape=(H, W, 3)]` with no side longer than `side`, and by what it shrank."""
    longer = max(picture.shape[:2])
    if longer <= side:
        return picture, 1.0
    from PIL import Image

    height, width = (max(1, round(length * side / longer)) for length in picture.shape[:2])
    small = Image.fromarray(picture).resize((width, height), Image.Resampling.BOX)
    return np.asarray(small), longer / side
