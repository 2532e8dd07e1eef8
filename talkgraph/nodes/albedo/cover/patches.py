"""Scattered finds on the surface of a face, made whole patches that last."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_model import LIP, FaceModel
from talkgraph.nodes.geometry.mesh import adjacency, vertex_areas
from talkgraph.nodes.values import Bools, Floats, Ints

MAJORITY = 0.06  # head units: about a place, most of this disc must be found
FEATHER = 0.04  # head units over which a patch fades out around itself


class Surface:
    """Skin and lips of a face model: V' vertices, and which are near each other."""

    def __init__(self, model: FaceModel) -> None:
        from scipy.spatial import cKDTree

        self.vertices: Ints = np.flatnonzero(model.region <= LIP)
        self.is_lip: Bools = model.region[self.vertices] == LIP
        place = model.mean_shape[self.vertices]
        self.height: Floats = place[:, 1]
        self.area: Floats = vertex_areas(model.mean_shape, model.triangles)[self.vertices]
        links = adjacency(model.triangles, model.vertex_count).tocsr()
        self._links = links[self.vertices][:, self.vertices]
        self._tree = cKDTree(place)
        self._most = self._mean(MAJORITY)
        self._about = self._mean(FEATHER)
        _, self._nearest = self._tree.query(model.mean_shape)

    def near(self, reach: float) -> tuple[Ints, Ints]:
        """The vertices within `reach` of each, one after another, and where each one's begin."""
        found = self._tree.query_ball_point(self._tree.data, reach)
        count = np.array([len(some) for some in found])
        members: Ints = np.concatenate(found).astype(np.int64)
        return members, np.cumsum(count) - count

    def patches(self, found: Bools, strength: Floats, *, area: float, least: float) -> Bools:
        """Where `found [shape=(V',)]` is most of its surroundings, in large and clear patches.

        Args:
            strength: `[shape=(V',)]`, of each find.
            area: least area of a patch, head units squared.
            least: least mean strength of its finds.
        """
        kept: Bools = self._most @ found > 0.5
        for patch in self._parts(kept):
            clear = found[patch]
            large = self.area[patch].sum() >= area
            if not (large and clear.any() and strength[patch][clear].mean() >= least):
                kept[patch] = False
        return kept

    def reaching(self, found: Bools, goal: Bools) -> Bools:
        """The patches that hold some of `goal`, made whole."""
        kept: Bools = self._most @ found > 0.5
        for patch in self._parts(kept):
            if not goal[patch].any():
                kept[patch] = False
        return kept

    def share(self, kept: Bools) -> NDArray[np.uint8]:
        """How far each vertex of the whole model is hidden, of 255: patches with a soft rim.

        What lies behind lips and lids is hidden where these are.
        """
        soft = np.minimum(2 * (self._about @ kept), 1)
        whole: NDArray[np.uint8] = np.rint(255 * soft).astype(np.uint8)[self._nearest]
        return whole

    def _parts(self, kept: Bools) -> list[Ints]:
        from scipy.sparse.csgraph import connected_components

        at = np.flatnonzero(kept)
        if not len(at):
            return []
        count, part = connected_components(self._links[at][:, at], directed=False)
        return [at[part == number] for number in range(count)]

    def _mean(self, reach: float) -> Any:
        """Mean over the surroundings of each vertex by area, sparse `[shape=(V', V')]`."""
        from scipy.sparse import diags, identity

        pairs = self._tree.sparse_distance_matrix(self._tree, reach, output_type="coo_matrix")
        pairs.data[:] = 1
        links = (pairs.tocsr() + identity(len(self.vertices))).minimum(1) @ diags(self.area)
        return diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links


def steady(found: Bools, frames: int) -> Bools:
    """`found [shape=(T, V')]` without what flashes up, its gaps closed.

    A frame keeps its patches if most of the `frames` about it have some, and gets those that most
    of these have.
    """
    from scipy.ndimage import uniform_filter1d

    around = 2 * (min(frames, len(found) - 1) // 2) + 1

    def mostly(so: Bools) -> Bools:
        mean = uniform_filter1d(so.astype(np.float32), around, axis=0, mode="constant")
        return np.asarray(mean > 0.5, bool)

    lasting = mostly(np.asarray(found.any(axis=1)))
    return (found & lasting[:, None]) | mostly(found)
