"""`compare_identity`: whether two faces are the same person's."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.values import IdentityFeature

SAME_PERSON = 0.5  # distances of one person's pictures mostly lie below this


@node("compare_identity", version=1)
class CompareIdentity(Node):
    """Distance of two identity features.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.evaluate import CompareIdentity
        >>> from talkgraph.nodes.values import IdentityFeature
        >>> somebody = IdentityFeature(vector=np.full(128, 0.1, np.float32))
        >>> CompareIdentity().run(somebody, somebody)
        Scores(...)
    """

    def run(self, predicted: IdentityFeature, real: IdentityFeature) -> Scores:
        """Return identity_distance; below about 0.5 the network sees one person."""
        return Scores(values={"identity_distance": identity_distance(predicted, real)})


def identity_distance(a: IdentityFeature, b: IdentityFeature) -> float:
    """Euclidean distance of the two features; below `SAME_PERSON`: the same person."""
    if a.vector.shape != b.vector.shape:
        raise ValueError(
            f"features of one network are needed, got lengths {a.vector.size}, {b.vector.size}"
        )
    return float(np.linalg.norm(a.vector.astype(np.float64) - b.vector.astype(np.float64)))
