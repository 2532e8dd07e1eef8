"""Whether two faces are the same person's."""

from __future__ import annotations

import numpy as np

from talkgraph.nodes.values import IdentityFeature

SAME_PERSON = 0.5  # distances of one person's pictures mostly lie below this


def identity_distance(a: IdentityFeature, b: IdentityFeature) -> float:
    """Euclidean distance of the two features; below `SAME_PERSON`: the same person."""
    if a.vector.shape != b.vector.shape:
        raise ValueError(
            f"features of one network are needed, got lengths {a.vector.size}, {b.vector.size}"
        )
    return float(np.linalg.norm(a.vector.astype(np.float64) - b.vector.astype(np.float64)))
