"""What a frame shows of a face that its vertices are too few to carry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.values import value
from talkgraph.nodes.values import Floats


@value("detail")
class Detail:
    """A picture that lies on the face: pores, hairs of brows and lashes, the rim of the iris.

    picture: `[shape=(S, S, 3), float16]`, sRGB in [-1, 1] beside the colours of the vertices.
    at: `[shape=(V, 2), float32]`, px, where in it each vertex lies.
    weight: `[shape=(V,), float32]` in [0, 1], how well it was seen there.
    """

    picture: NDArray[np.float16]
    at: Floats
    weight: Floats


def layer_of(detail: Detail) -> tuple[Floats, Floats]:
    """As `rasterise.draw` takes it."""
    place = np.column_stack([detail.at, detail.weight])
    return detail.picture.astype(np.float32), place.astype(np.float32)
