"""The 468-point landmark mesh: its triangles, its mirror image and the openings of eyes and mouth.

Connectivity: MediaPipe Face Mesh, FACEMESH_TESSELATION read in source order (Apache-2.0, Copyright
The MediaPipe Authors); 852 triangles, counter-clockwise from outside, 4 boundary loops. "Left"
and "right" below are the picture's, for a face that looks at the camera unmirrored.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.mesh import Triangles, boundary_loops

POINTS = 468
TRACKED = 478  # with the two irises of the attention model
CHIN, FOREHEAD = 152, 10
OUTER_LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
INNER_LIPS = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
# The rims of the lids, the eye on the image's left first.
EYE_RIMS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
# The outline of the face, clockwise from the middle of the forehead.
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
# Rows of lip points between those two rings.
LIPS = (
    *OUTER_LIPS, *INNER_LIPS, 62, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 292, 408, 304,
    303, 302, 11, 72, 73, 74, 184, 96, 89, 179, 86, 15, 316, 403, 319, 325, 407, 272, 271, 268, 12,
    38, 41, 42, 183,
)  # fmt: skip


@attrs.frozen
class Opening:
    """A hole of the mesh by its two corners and one point of each rim (vertex indices)."""

    left: int
    right: int
    upper: int
    lower: int


MOUTH = Opening(left=78, right=308, upper=13, lower=14)
LEFT_EYE = Opening(left=33, right=133, upper=159, lower=145)
RIGHT_EYE = Opening(left=362, right=263, upper=386, lower=374)


FILE = Path(__file__).parent / "data" / "face_mesh.npz"


@cache
def _connectivity() -> tuple[Triangles, NDArray[np.int64]]:
    with np.load(FILE, allow_pickle=False) as stored:
        return stored["triangles"].astype(np.int32), stored["mirror"].astype(np.int64)


def face_mesh_triangles() -> Triangles:
    """The 852 triangles, `[shape=(852, 3), int32]`."""
    return _connectivity()[0].copy()


def face_mesh_mirror() -> NDArray[np.int64]:
    """For each of the 468 points its counterpart on the other side of the face, itself on the
    midline. An involution: the mirrored face is `points[mirror] * (-1, 1, 1)`."""
    return _connectivity()[1].copy()


def opening_rims(triangles: NDArray[np.int32], opening: Opening) -> tuple[list[int], list[int]]:
    """The two rims of a hole, upper and lower, each from the left corner to the right one.

    Works on the landmark mesh and on its subdivisions, which keep the old vertices' indices.

    Raises:
        ValueError: the mesh has no such hole.
    """
    for found in boundary_loops(triangles):
        loop = found.tolist()
        if opening.left in loop and opening.right in loop:
            start = loop.index(opening.left)
            loop = loop[start:] + loop[:start]
            turn = loop.index(opening.right)
            one, other = loop[: turn + 1], [loop[0], *loop[turn:][::-1]]
            return (one, other) if opening.upper in one else (other, one)
    raise ValueError(f"mesh has no opening through vertices {opening.left} and {opening.right}")
