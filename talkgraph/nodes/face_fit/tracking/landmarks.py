"""The landmark network: 478 points of the face inside a region of interest.

Attention Mesh (Grishchenko et al. 2020): 468 mesh points, of which lips and eyes are looked at a
second time, and two irises. The points depend a little on the region, so a tracker calls it more
than once per frame with regions made from the points before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square, to_image
from talkgraph.nodes.face_fit.tracking.detector import Detections
from talkgraph.nodes.values import OnnxModel

INPUT = 192  # px
MESH, POINTS = 468, 478
EYE_CORNERS = (33, 263)  # outer corners: the image's left, the image's right
_MARGIN = 1.5  # the region's side over the longer side of the box around the face

Floats = NDArray[np.float32]

# Points that the branches of the network refine, in the order of its outputs.
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)  # fmt: skip
EYE_ON_LEFT = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24,
    23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233,
    244, 113, 225, 224, 223, 222, 221, 189, 35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120,
    121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)  # fmt: skip
EYE_ON_RIGHT = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339,
    254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451,
    452, 453, 464, 342, 445, 444, 443, 442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346,
    347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
)  # fmt: skip
_LID = 16  # the first so many points of an eye are the rim of its lids, whose depth the iris gets
NETWORK = Contract(
    what="landmark network",
    inputs={"input_1": ("n", INPUT, INPUT, 3)},
    outputs={
        "output_mesh_identity": ("n", 1, 1, 3 * MESH),
        "output_lips": ("n", 1, 1, 2 * len(LIPS)),
        "output_left_eye": ("n", 1, 1, 2 * len(EYE_ON_LEFT)),
        "output_right_eye": ("n", 1, 1, 2 * len(EYE_ON_RIGHT)),
        "output_left_iris": ("n", 1, 1, 10),
        "output_right_iris": ("n", 1, 1, 10),
        "conv_faceflag": ("n", 1, 1, 1),
    },
    remedy="LoadNetwork(name='face-landmarks-attention')",
)


class LandmarkNetwork:
    """The network with its pre- and postprocessing; may be called from several threads.

    Args:
        model: the network `face-landmarks-attention`, or another with its inputs and outputs.
        node: id of the node at whose port `landmarks` it arrived.
    """

    def __init__(self, model: OnnxModel, node: str) -> None:
        self._session = open_network(model, NETWORK, node=node, port="landmarks", threads=1)

    def __call__(self, pictures: NDArray[np.uint8], regions: Floats) -> tuple[Floats, Floats]:
        """Find the points of one face per picture.

        Args:
            pictures: `[shape=(n, H, W, 3), uint8]`.
            regions: `[shape=(n, 4)]`, see `warp`.

        Returns:
            landmarks `[shape=(n, 478, 3)]` in px of the pictures, and the probability that the
            region holds a face, `[shape=(n,)]`.
        """
        squares = np.stack(
            [cut_square(p, r, INPUT) for p, r in zip(pictures, regions, strict=True)]
        )
        outputs = self._session.run(list(NETWORK.outputs), {"input_1": squares / np.float32(255)})
        points, flags = join(outputs)
        return to_image(points, regions, INPUT), flags


def confirmed(
    network: LandmarkNetwork, picture: NDArray[np.uint8], found: Detections, threshold: float
) -> Detections:
    """Keep the detections in which the landmark network sees a face too.

    The detector alone takes some textures for faces, above all where a picture is searched in
    tiles. A face may be recognised in a region made from the first look.
    """
    if not len(found):
        return found
    pictures = np.broadcast_to(picture, (len(found), *picture.shape))
    points, first = network(pictures, region_of_boxes(found.boxes, found.keypoints))
    _, second = network(pictures, region_of_landmarks(points))
    kept = np.maximum(first, second) >= threshold
    return Detections(found.boxes[kept], found.keypoints[kept], found.scores[kept])


def join(outputs: list[Any]) -> tuple[Floats, Floats]:
    """Merge the branches: the refined x and y replace those of the mesh, which keeps its depth.

    Returns:
        points `[shape=(n, 478, 3)]` in px of the 192 px square, and probabilities `[shape=(n,)]`.
    """
    mesh, lips, eye_left, eye_right, iris_left, iris_right, flag = outputs
    n = len(mesh)
    points = np.zeros((n, POINTS, 3), np.float32)
    points[:, :MESH] = mesh.reshape(n, MESH, 3)
    for indices, refined in ((LIPS, lips), (EYE_ON_LEFT, eye_left), (EYE_ON_RIGHT, eye_right)):
        points[:, list(indices), :2] = refined.reshape(n, -1, 2)
    for start, iris, around in (
        (MESH, iris_left, EYE_ON_LEFT[:_LID]),
        (MESH + 5, iris_right, EYE_ON_RIGHT[:_LID]),
    ):
        points[:, start : start + 5, :2] = iris.reshape(n, 5, 2)
        points[:, start : start + 5, 2] = points[:, list(around), 2].mean(1, keepdims=True)
    logits = np.clip(flag.reshape(n).astype(np.float64), -80.0, 80.0)
    return points, (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)


def region_of_boxes(boxes: Floats, keypoints: Floats) -> Floats:
    """Regions for detections: boxes `[shape=(n, 4)]`, keypoints `[shape=(n, 6, 2)]`."""
    across = keypoints[:, 1] - keypoints[:, 0]
    return _regions(boxes[:, :2], boxes[:, 2:], across)


def region_of_landmarks(landmarks: Floats) -> Floats:
    """Regions around landmarks `[shape=(n, 478, 3)]`: upright box, turned by the eye line."""
    xy = landmarks[:, :MESH, :2]
    across = xy[:, EYE_CORNERS[1]] - xy[:, EYE_CORNERS[0]]
    return _regions(xy.min(1), xy.max(1), across)


def _regions(low: Floats, high: Floats, across: Floats) -> Floats:
    side = _MARGIN * (high - low).max(1)
    angle = np.arctan2(across[:, 1], across[:, 0])
    return np.column_stack([(low + high) / 2, side, angle]).astype(np.float32)
