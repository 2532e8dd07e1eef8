"""Fill in what no frame shows, smoothly and symmetrically."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.nodes.face_model.face_model import INNER_MOUTH, LIP, FaceModel
from talkgraph.nodes.geometry.mesh import adjacency
from talkgraph.nodes.values import Floats

STIFFNESS = 2e-3  # pull between neighbours, against 1 of a well-seen vertex
ALONG_TEETH = (
    0.5  # the same between neighbours in a row of the mouth patch: few frames show it well
)
MIRROR = 0.02  # weight of the other side of the face where this one is hidden
SHADOW = 0.5  # of its surroundings: darker than that the other side is shaded, not pigmented
INNER_ANCHOR = 0.02  # the same inside the mouth, whose parts are hidden by turns
ANCHOR = 1e-6  # weight of the model's own colour, which decides only where nothing is seen at all


def mirror_vertices(model: FaceModel) -> NDArray[np.int64]:
    """For each vertex the one nearest to its mirror image in the mean shape, `[shape=(V,)]`.

    Skin finds skin or lips, a patch finds a patch of its kind.
    """
    from scipy.spatial import cKDTree

    mirrored = model.mean_shape * np.array([-1, 1, 1], np.float32)
    kind = np.maximum(model.region, LIP)
    other = np.arange(model.vertex_count, dtype=np.int64)
    for each in np.unique(kind):
        members = np.flatnonzero(kind == each)
        nearest = cKDTree(model.mean_shape[members]).query(mirrored[members])[1]
        other[members] = members[nearest]
    return other


def complete(values: ArrayLike, weights: ArrayLike, model: FaceModel) -> Floats:
    """Smooth completion of per-vertex albedo.

    Minimises sum w (ratio - observed ratio)^2 + stiffness * sum over edges (ratio difference)^2,
    where ratio = value / mean albedo of the model: seen vertices keep their value, hidden ones take
    the model's detail in the colour of their surroundings (a harmonic fill). The face's other side
    counts as a weak observation, unless it lies in a deep shadow. In mouth and eyes the values
    themselves are smoothed, since the model's teeth and irises need not lie where the person's do,
    and hidden parts of the mouth tend to the model's colours.

    Args:
        values: `[shape=(V, 3)]`, > 0 where seen.
        weights: `[shape=(V,)]` in [0, 1], 0 where unseen.
        model: the face model.

    Returns:
        `[shape=(V, 3), float32]`.
    """
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    seen = np.asarray(weights, np.float64)
    inner = model.region > LIP
    expected = np.maximum(model.mean_albedo.astype(np.float64), 1e-3)
    scale = np.where(inner[:, None], 1, expected)
    ratio = np.where(seen[:, None] > 0, np.asarray(values, np.float64) / scale, 0)
    anchor = np.where(model.region == INNER_MOUTH, INNER_ANCHOR, ANCHOR)
    typical = _typical(ratio[~inner], seen[~inner])
    total = seen + anchor
    target = ratio * seen[:, None] + anchor[:, None] * np.where(inner[:, None], expected, typical)
    links = _springs(model)
    degree = np.asarray(links.sum(axis=1)).ravel()

    def filled() -> NDArray[np.float64]:
        system = diags(total + degree) - links
        return np.asarray(splu(system.tocsc()).solve(target))

    other = mirror_vertices(model)
    weak = MIRROR * seen[other] * (1 - seen)
    # A shadow beside the nose is on one side: mirrored, it would be a dark line on the lit one.
    weak[ratio[other].sum(axis=1) < SHADOW * filled().sum(axis=1)] = 0
    total += weak
    target += ratio[other] * weak[:, None]
    return np.asarray(filled() * scale, np.float32)


def _springs(model: FaceModel) -> Any:
    """Stiffness between neighbours, sparse `[shape=(V, V)]`."""
    links = adjacency(model.triangles, model.vertex_count).tocoo()
    across = np.abs(model.mean_shape[links.row] - model.mean_shape[links.col])
    teeth = (model.region[links.row] == INNER_MOUTH) & (across[:, 0] > 2 * across[:, 1])
    links.data = np.where(teeth, ALONG_TEETH, STIFFNESS)
    return links.tocsr()


def _typical(ratio: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean ratio per channel; 1 where nothing is seen."""
    if not seen.sum() > 0:
        return np.ones(ratio.shape[1])
    return np.asarray((ratio * seen[:, None]).sum(axis=0) / seen.sum())


def weighted_median(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Median over frames, per vertex and channel.

    Args:
        values: `[shape=(F, V, C)]`.   weights: `[shape=(F, V)]`, >= 0.

    Returns:
        `[shape=(V, C), float32]`, 0 where no frame has weight; and the largest weight per vertex
        `[shape=(V,), float32]`.
    """
    if len(values) == 1:
        return np.where(weights[0, :, None] > 0, values[0], 0).astype(np.float32), weights[0]
    order = np.argsort(values, axis=0, kind="stable")
    spread = np.broadcast_to(weights[:, :, None], values.shape)
    sorted_weights = np.take_along_axis(spread, order, axis=0)
    reached = np.cumsum(sorted_weights, axis=0)
    middle = np.argmax(reached >= 0.5 * reached[-1], axis=0)
    picked = np.take_along_axis(order, middle[None], axis=0)
    median = np.take_along_axis(values, picked, axis=0)[0]
    median = np.where(reached[-1] > 0, median, 0)
    return median.astype(np.float32), weights.max(axis=0)
