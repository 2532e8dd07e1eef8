"""The palm detector: a 192 px network over 2016 anchors, and what is done with its answers.

It sees the palm, which is stiff, and not the fingers (BlazePalm, Zhang et al. 2020, MediaPipe
Hands).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square
from talkgraph.nodes.face_fit.tracking.detector import Detections, Grids, decode, merge, tiles
from talkgraph.nodes.values import Floats, OnnxModel

INPUT = 192  # px
POINTS = 7  # wrist, four knuckles from the index finger on, two of the thumb
WRIST, MIDDLE = 0, 2
_GRIDS: Grids = ((24, 2), (12, 6))
_MARGIN = 2.6  # the hand's region over the palm's box; as in the original pipeline
_AHEAD = 0.5  # of the palm's box, from its centre towards the fingers; likewise

NETWORK = Contract(
    what="palm detector",
    inputs={"input_1": ("n", INPUT, INPUT, 3)},
    outputs={"Identity": ("n", 2016, 4 + 2 * POINTS), "Identity_1": ("n", 2016, 1)},
    remedy="LoadNetwork(name='palm-detector')",
)


def regions_of_palms(palms: Detections) -> Floats:
    """Regions of whole hands, fingers up, `[shape=(n, 4)]` as `cut_square` takes them."""
    low, high = palms.boxes[:, :2], palms.boxes[:, 2:]
    along = palms.keypoints[:, MIDDLE] - palms.keypoints[:, WRIST]
    angle = np.arctan2(along[:, 0], -along[:, 1])
    ahead = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    centre = (low + high) / 2 + _AHEAD * (high - low).max(axis=1)[:, None] * ahead
    side = _MARGIN * (high - low).max(axis=1)
    return np.column_stack([centre, side, angle]).astype(np.float32)


class PalmDetector:
    """The network with its pre- and postprocessing.

    Args:
        model: the network `palm-detector`, or another with its inputs and outputs.
        node: id of the node at whose port `palms` it arrived.
        threshold: least score of a palm.
        max_overlap: above this intersection over union two boxes are one palm.
    """

    def __init__(
        self, model: OnnxModel, node: str, threshold: float = 0.5, max_overlap: float = 0.3
    ) -> None:
        self.threshold, self.max_overlap = threshold, max_overlap
        self._session = open_network(model, NETWORK, node=node, port="palms", threads=1)

    def __call__(self, picture: NDArray[np.uint8]) -> Detections:
        """The palms in `picture [shape=(H, W, 3), uint8]`, in its px, the most certain first."""
        (region,) = tiles(picture.shape[0], picture.shape[1], 1)
        square = cut_square(picture, region, INPUT) / np.float32(255)
        answers = self._session.run(list(NETWORK.outputs), {"input_1": square[None]})
        found = decode(answers[0][0], answers[1][0], self.threshold, INPUT, _GRIDS)
        found = merge(found, self.max_overlap)
        corner, side = region[:2] - region[2] / 2, region[2]
        return Detections(
            found.boxes * side + np.tile(corner, 2), found.keypoints * side + corner, found.scores
        )
