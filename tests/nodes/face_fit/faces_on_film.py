"""Pictures and clips for the tests, made from scikit-image's astronaut (NASA, public domain)."""

import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square
from talkgraph.nodes.values import Clip, Crop

FACE = (225.0, 130.0)  # the middle of the face, px
SIZE = 256


def astronaut():
    from skimage import data

    return data.astronaut()


def view(x, y, side, angle=0.0, size=SIZE):
    """The astronaut through a square window, (size, size, 3) uint8."""
    square = cut_square(astronaut(), np.array([x, y, side, angle]), size, repeat_border=True)
    return np.round(square).astype(np.uint8)


def path(count):
    """Windows (count, 4) that move, turn and zoom around the face, smoothly and asymmetrically."""
    time = np.linspace(0, 2 * np.pi, count)
    return np.column_stack(
        [
            FACE[0] + 14 * np.sin(time),
            FACE[1] + 9 * np.cos(1.5 * time),
            230 + 25 * np.sin(0.7 * time),
            0.16 * np.sin(time + 0.5),
        ]
    )


def in_window(points, windows, size=SIZE):
    """Points (L, 2) of the astronaut as they appear in each window, (T, L, 2)."""
    x, y, side, angle = (column[:, None] for column in np.asarray(windows).T)
    dx, dy = points[:, 0] - x, points[:, 1] - y
    cos, sin = np.cos(angle), np.sin(angle)
    a, b = cos * dx + sin * dy, -sin * dx + cos * dy
    return np.stack([a, b], -1) * (size / side)[..., None] + size / 2


def clip(pictures, fps=25.0):
    """A clip of pictures (T, S, S, 3)."""
    pictures = np.asarray(pictures)
    crop = Crop(left=0.0, top=0.0, side=float(pictures.shape[1]))
    return Clip(frames=Frames.from_array(pictures), fps=fps, crop=crop, speech=None)
