"""The height of the brows over the eyes, linear in the expression coefficients."""

from __future__ import annotations

import numpy as np

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.lids import LID_PAIRS
from talkgraph.nodes.face_model.readout import landmark_rows, mouth_readout
from talkgraph.nodes.values import Floats

# Landmarks of the 468-point topology (MediaPipe order): the upper edges of both brows, and the
# corners of the eyes, over which they rise.
BROWS = (70, 63, 105, 66, 107, 300, 293, 334, 296, 336)
CORNERS = (33, 133, 362, 263)


def brow_height(model: FaceModel) -> Floats:
    """The row `[shape=(64,), float32]` of the brows' height, head units per coefficient.

    Raises:
        ModelError: the face model has no landmarks there.
    """
    rows, basis = landmark_rows(model), model.landmark_bases()[2]
    means = []
    for landmarks in (BROWS, CORNERS):
        known = [rows[one] for one in landmarks if one in rows]
        if not known:
            raise ModelError(
                f"the face model '{model.name}' has no landmarks at brows and eyes; leave the "
                "node out"
            )
        means.append(basis[known, 1].mean(0))
    return np.asarray(means[0] - means[1], np.float32)


def raising(model: FaceModel) -> Floats:
    """The least change of expression `[shape=(64,), float32]` that raises the brows by one head
    unit, with lids and mouth where they are.

    Coefficients are in standard deviations, so the least change is the likeliest one.
    """
    rows, basis = landmark_rows(model), model.landmark_bases()[2]
    pairs = [(rows[a], rows[b]) for a, b in LID_PAIRS if a in rows and b in rows]
    lids = [(basis[b, 1] - basis[a, 1]) for a, b in pairs]
    held = [np.mean(lids, axis=0)] if lids else []
    measures = np.stack([brow_height(model), *held, *mouth_readout(model).rows])
    return np.asarray(np.linalg.pinv(measures.astype(np.float64))[:, 0], np.float32)
