"""The part of an expression that the lower face shows: mouth and jaw without brows and eyes."""

from __future__ import annotations

import numpy as np

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.lids import LID_PAIRS
from talkgraph.nodes.face_model.readout import Readout, landmark_rows
from talkgraph.nodes.values import Floats

UNDER_NOSE = 2  # landmark where the nose meets the upper lip: what lies below is the lower face
LEAST_CHANGE = 0.01  # weight of small coefficients against the landmarks, relative


def lower_face(model: FaceModel, readout: Readout, stillness: float) -> Floats:
    """The map `[shape=(64, 64), float32]` from a change of expression to its lower part.

    `change @ lower.T` moves the landmarks below the nose as the change does, and those from the
    lower lids on upwards as little as can be (regularised least squares). The measures of
    `readout` are those of the change exactly.

    Args:
        stillness: weight of the upper face's landmarks against 1 for the lower ones.

    Raises:
        ModelError: the model does not say where nose and lids lie.
    """
    rows = landmark_rows(model)
    lids = [rows[lower] for lower, _ in LID_PAIRS if lower in rows]
    if UNDER_NOSE not in rows or not lids:
        raise ModelError(
            f"the face model '{model.name}' has no landmarks at nose and eyelids; leave the node "
            "out"
        )
    mean, _, basis = model.landmark_bases()
    height = mean[:, 1]
    moved = basis[height < height[rows[UNDER_NOSE]]].reshape(-1, basis.shape[-1])
    still = basis[height >= height[lids].mean()].reshape(-1, basis.shape[-1])
    # Sums over many landmarks are brought to means, so that the weights compare.
    wanted = moved.T.astype(np.float64) @ moved / len(moved)
    normal = wanted + stillness * (still.T.astype(np.float64) @ still) / len(still)
    normal += LEAST_CHANGE * np.trace(normal) / len(normal) * np.eye(len(normal))
    part = np.linalg.solve(normal, wanted)
    measured = readout.rows.astype(np.float64)
    part += np.linalg.pinv(measured) @ (measured - measured @ part)
    return np.asarray(part, np.float32)
