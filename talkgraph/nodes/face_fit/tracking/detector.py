"""The face detector: a 128 px network over 896 anchors, and what is done with its answers.

BlazeFace, short range (Bazarevsky et al. 2019): it sees faces from about a tenth of the picture's
longer side upwards.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square
from talkgraph.nodes.values import OnnxModel

INPUT = 128  # px
Grids = tuple[tuple[int, int], ...]  # cells per side, anchors per cell
_GRIDS: Grids = ((16, 2), (8, 6))
_LOGIT_LIMIT = 80.0  # keeps exp within float32

Floats = NDArray[np.float32]


@attrs.frozen(eq=False)
class Detections:
    """Faces, or palms, in one picture, the most certain first.

    boxes: `[shape=(n, 4), float32]`, left, top, right, bottom in image px.
    keypoints: `[shape=(n, 6, 2), float32]`, image px: eye on the image's left, eye on its right,
        nose tip, mouth, two ears; of palms `PalmDetector` has seven.
    scores: `[shape=(n,), float32]`, 0 to 1.
    """

    boxes: Floats
    keypoints: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def scaled(self, factor: float) -> Detections:
        """The same in a picture that is larger by this factor."""
        scale = np.float32(factor)
        return Detections(self.boxes * scale, self.keypoints * scale, self.scores)


def anchors(grids: Grids = _GRIDS) -> Floats:
    """Centres of the anchors, `[shape=(A, 2), float32]`, in units of the input's side."""
    centres = []
    for cells, each in grids:
        row, column = np.mgrid[:cells, :cells]
        centre = (np.stack([column, row], -1).reshape(-1, 2) + 0.5) / cells
        centres.append(np.repeat(centre, each, axis=0))
    return np.concatenate(centres).astype(np.float32)


def decode(
    regressors: Floats,
    logits: Floats,
    threshold: float,
    side: int = INPUT,
    grids: Grids = _GRIDS,
) -> Detections:
    """Turn one picture's raw answers into detections in units of the input's side.

    Args:
        regressors: `[shape=(A, 4 + 2 * K)]`: box centre and size, then K points, in input px
            relative to the anchor.
        logits: `[shape=(A, 1)]`.
        side: of the input, px.   grids: of the A anchors.
    """
    limited = np.clip(logits[:, 0].astype(np.float64), -_LOGIT_LIMIT, _LOGIT_LIMIT)
    scores = (1.0 / (1.0 + np.exp(-limited))).astype(np.float32)
    kept = scores >= threshold
    values = regressors[kept].reshape(-1, regressors.shape[1] // 2, 2) / side
    points = values + anchors(grids)[kept][:, None]
    centre, half = points[:, 0], values[:, 1] / 2
    boxes = np.concatenate([centre - half, centre + half], 1)
    return Detections(boxes.astype(np.float32), points[:, 2:].astype(np.float32), scores[kept])


def overlap(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of `box [shape=(4,)]` with each of `boxes [shape=(n, 4)]`."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1)
    union = areas + np.clip(box[2:] - box[:2], 0, None).prod() - shared
    return np.asarray(shared / np.maximum(union, 1e-12), np.float32)


def merge(found: Detections, max_overlap: float) -> Detections:
    """Weighted non-maximum suppression: what overlaps the best is averaged into it by score."""
    boxes, keypoints, scores = [], [], []
    order = np.argsort(-found.scores, kind="stable")
    while len(order):
        near = overlap(found.boxes[order[0]], found.boxes[order]) > max_overlap
        near[0] = True
        group = order[near]
        weights = found.scores[group] / found.scores[group].sum()
        boxes.append(np.tensordot(weights, found.boxes[group], 1))
        keypoints.append(np.tensordot(weights, found.keypoints[group], 1))
        scores.append(found.scores[group[0]])
        order = order[~near]
    if not scores:
        return Detections(
            np.empty((0, 4), np.float32),
            found.keypoints[:0],
            np.empty(0, np.float32),
        )
    return Detections(
        np.stack(boxes).astype(np.float32),
        np.stack(keypoints).astype(np.float32),
        np.array(scores, np.float32),
    )


def tiles(height: int, width: int, splits: int) -> Floats:
    """Squares that cover a picture with half overlap, `[shape=(n, 4)]` as regions of `warp`.

    Args:
        splits: 1 gives the whole picture in one square; k gives squares of 1/k of the longer side.
    """
    longer = max(height, width)
    if splits == 1:
        return np.array([[width / 2, height / 2, longer, 0.0]], np.float32)
    side = longer / splits

    def centres(length: int) -> NDArray[np.float64]:
        count = max(1, int(np.ceil(2 * (length - side) / side)) + 1)
        if count == 1:
            return np.array([length / 2])
        return np.linspace(side / 2, length - side / 2, count)

    return np.array(
        [[x, y, side, 0.0] for y in centres(height) for x in centres(width)], np.float32
    )


NETWORK = Contract(
    what="face detector",
    inputs={"input": ("n", INPUT, INPUT, 3)},
    outputs={"regressors": ("n", 896, 16), "classificators": ("n", 896, 1)},
    remedy="LoadNetwork(name='face-detector')",
)


class FaceDetector:
    """The network with its pre- and postprocessing.

    Args:
        model: the network `face-detector`, or another with its inputs and outputs.
        node: id of the node at whose port `detector` it arrived.
        threshold: least score of a face.
        max_overlap: above this intersection over union two boxes are one face.
    """

    def __init__(
        self, model: OnnxModel, node: str, threshold: float = 0.5, max_overlap: float = 0.3
    ) -> None:
        self.threshold, self.max_overlap = threshold, max_overlap
        self._session = open_network(model, NETWORK, node=node, port="detector", threads=1)

    def __call__(self, picture: NDArray[np.uint8], splits: int = 1) -> Detections:
        """Find the faces in `picture [shape=(H, W, 3), uint8]`, looking at `tiles` of it."""
        parts = []
        for region in tiles(picture.shape[0], picture.shape[1], splits):
            square = cut_square(picture, region, INPUT) / np.float32(127.5) - np.float32(1)
            outputs: Any = self._session.run(
                ["regressors", "classificators"], {"input": square[None]}
            )
            found = decode(outputs[0][0], outputs[1][0], self.threshold)
            corner, side = region[:2] - region[2] / 2, region[2]
            parts.append(
                Detections(
                    found.boxes * side + np.tile(corner, 2),
                    found.keypoints * side + corner,
                    found.scores,
                )
            )
        return merge(
            Detections(
                np.concatenate([p.boxes for p in parts]),
                np.concatenate([p.keypoints for p in parts]),
                np.concatenate([p.scores for p in parts]),
            ),
            self.max_overlap,
        )
