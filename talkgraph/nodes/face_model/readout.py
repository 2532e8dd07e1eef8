"""Linear measures of the face over the expression coefficients: lip opening, width, ...

The 3DMM is linear: the distance of two of its points along an axis is a constant plus a row
vector times the coefficients. That row is all that losses, gains and scores need to know of the
face model.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.values import Floats

# Landmarks of the 468-point topology (MediaPipe order): pairs (from, to) and the head axis along
# which they are measured: 0 = x, 1 = y (up). Depth (rounding) is left out: tracked landmarks
# hardly show it.
MOUTH_MEASURES: dict[str, tuple[tuple[tuple[int, int], ...], int]] = {
    "opening": (((14, 13), (87, 82), (317, 312)), 1),  # inner lips, lower to upper
    "jaw": (((152, 1), (148, 1), (377, 1)), 1),  # chin to nose tip
    "width": (((61, 291), (78, 308)), 0),  # mouth corners
}
# For models without landmark 1, below the tip of the nose, the tip: BFM 2009 has that alone.
_INSTEAD = {1: 4}


def _rows(rows: Any) -> Floats:
    return np.asarray(rows, np.float32)


@attrs.frozen(kw_only=True, eq=False)
class Readout:
    """Named measures; rows `[shape=(len(names), 64), float32]`, head units per coefficient."""

    names: tuple[str, ...]
    rows: Floats = attrs.field(converter=_rows)

    def of(self, expression: Floats) -> Floats:
        """Measures, less a constant, `(..., len(names))`, of `expression [shape=(..., 64)]`."""
        return np.asarray(expression @ self.rows.T, np.float32)

    def row(self, name: str) -> Floats:
        """The row of one measure, `[shape=(64,), float32]`."""
        return np.asarray(self.rows[self.names.index(name)], np.float32)

    def only(self, *names: str) -> Readout:
        """Some of the measures."""
        return Readout(names=names, rows=np.stack([self.row(name) for name in names]))

    def lift(self, measures: Floats) -> Floats:
        """The least change of expression `[shape=(..., 64)]` with these measures.

        Coefficients are in standard deviations, so the least change is the likeliest one.
        """
        return np.asarray(measures @ np.linalg.pinv(self.rows).T, np.float32)


def mouth_readout(model: FaceModel) -> Readout:
    """The measures of the mouth in a face model.

    Raises:
        ModelError: the model does not say where these landmarks lie.
    """
    basis = model.landmark_bases()[2]
    rows = [
        _distance(basis, landmark_rows(model), pairs, axis, name)
        for name, (pairs, axis) in MOUTH_MEASURES.items()
    ]
    return Readout(names=tuple(MOUTH_MEASURES), rows=np.stack(rows))


def landmark_rows(model: FaceModel) -> dict[int, int]:
    """Row of each tracked landmark in `model.landmark_bases()`."""
    return {int(landmark): row for row, landmark in enumerate(model.landmark_index)}


def _distance(
    basis: Floats, rows: dict[int, int], pairs: tuple[tuple[int, int], ...], axis: int, name: str
) -> Floats:
    rows = {one: rows[other] for one, other in _INSTEAD.items() if other in rows} | rows
    known = [(rows[a], rows[b]) for a, b in pairs if a in rows and b in rows]
    if not known:
        raise ModelError(
            f"the face model has none of the landmarks {pairs} for '{name}'; the speech mapping "
            "needs a model whose landmark_index covers the inner lips"
        )
    return np.asarray(np.mean([basis[b, axis] - basis[a, axis] for a, b in known], 0), np.float32)
