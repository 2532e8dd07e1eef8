"""The gap between the eyelids of one person, linear in the expression coefficients."""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.readout import landmark_rows
from talkgraph.nodes.values import Floats

# Lower and upper lid landmarks that lie above each other (MediaPipe order), both eyes.
LID_PAIRS = (
    (145, 159), (144, 160), (153, 158), (163, 161), (154, 157),
    (374, 386), (380, 385), (373, 387), (390, 388), (381, 384),
)  # fmt: skip


@attrs.frozen(kw_only=True, eq=False)
class Lids:
    """The gap between the lids of one person, linear in the expression.

    gap: `[shape=(P,), float32]`, head units, at expression 0.
    rows: `[shape=(P, 64), float32]`, change of each gap per coefficient.
    """

    gap: Floats
    rows: Floats

    def opening(self, expression: Floats) -> Floats:
        """Mean gap `[shape=(...)]` of `expression [shape=(..., 64)]`, head units."""
        return np.asarray((self.gap + expression @ self.rows.T).mean(-1), np.float32)


def lids_of(model: FaceModel, identity: Floats) -> Lids:
    """The lids of a person.

    Raises:
        ModelError: the model has no lid landmarks.
    """
    rows = landmark_rows(model)
    known = [(rows[a], rows[b]) for a, b in LID_PAIRS if a in rows and b in rows]
    if not known:
        raise ModelError(
            f"the face model '{model.name}' has no eyelid landmarks; leave the node out"
        )
    lower, upper = np.asarray(known).T
    mean, identity_basis, basis = model.landmark_bases()
    face = mean + identity_basis[..., : len(identity)] @ identity
    return Lids(
        gap=np.asarray((face[upper] - face[lower])[:, 1], np.float32),
        rows=np.asarray((basis[upper] - basis[lower])[:, 1], np.float32),
    )
