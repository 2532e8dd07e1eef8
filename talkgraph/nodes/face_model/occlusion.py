"""How dark it is behind lips and lids that are nearly closed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from talkgraph.nodes.face_model.face_mesh import LEFT_EYE, MOUTH, RIGHT_EYE, Opening
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH, FaceModel
from talkgraph.nodes.values import Floats

# Opening (head units; 0.1 is about 9 mm) from which all light comes in, and the share of light
# that is left at none. Our own simple model of ambient occlusion; the paper has none.
WIDE_OPEN = {INNER_MOUTH: 0.12, EYE: 0.05}
CLOSED_LIGHT = {INNER_MOUTH: 0.3, EYE: 0.5}
# Light that gets deep into a mouth has met red tissue on its way: the share of each colour channel
# is the share of light to this power. Without it half-hidden teeth look blue beside the skin.
REDDENING = {INNER_MOUTH: (1.0, 1.2, 1.35), EYE: (1.0, 1.0, 1.0)}


def inner_light(model: FaceModel, vertices: ArrayLike) -> Floats:
    """Share of the irradiance that reaches each vertex.

    Args:
        model: the face model; its landmarks tell how far mouth and eyes are open.
        vertices: `[shape=(V, 3)]`, one shape, in head or camera space.

    Returns:
        `[shape=(V, 3), float32]`, RGB in (0, 1]; 1 for skin and lips, and for openings
        whose landmarks the model lacks. Multiply the irradiance by it.
    """
    points = np.asarray(vertices)
    share = np.ones((model.vertex_count, 3), np.float32)
    mouth = model.region == INNER_MOUTH
    share[mouth] = _share(model, points, MOUTH, INNER_MOUTH)
    eyes = model.region == EYE
    if eyes.any():
        on_left = model.mean_shape[:, 0] < 0
        share[eyes & on_left] = _share(model, points, LEFT_EYE, EYE)
        share[eyes & ~on_left] = _share(model, points, RIGHT_EYE, EYE)
    return share


def _share(model: FaceModel, points: Floats, opening: Opening, region: int) -> Floats:
    upper = model.landmark_vertices[model.landmark_index == opening.upper]
    lower = model.landmark_vertices[model.landmark_index == opening.lower]
    if not (len(upper) and len(lower)):
        return np.ones(3, np.float32)
    gap = float(np.linalg.norm(points[upper[0]] - points[lower[0]]))
    open_share = min(gap / WIDE_OPEN[region], 1.0)
    share = CLOSED_LIGHT[region] + (1 - CLOSED_LIGHT[region]) * open_share
    return np.asarray(share ** np.array(REDDENING[region]), np.float32)
