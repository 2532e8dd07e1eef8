"""A z-buffer rasteriser for machines without a GPU or GL: no system package, deterministic.

Runs on one thread per call and releases the GIL, so that frames may be drawn side by side.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.nodes.geometry.rotation import Real
from talkgraph.nodes.values import Bools, Floats

NO_DETAIL: tuple[Floats, Floats] = np.empty((0, 0, 3), np.float32), np.empty((0, 3), np.float32)


@attrs.frozen(eq=False)
class Fragments:
    """What the camera sees in each pixel centre, for a picture of H x W px.

    triangle: `[shape=(H, W), int32]`, index of the nearest triangle; -1 where there is none.
    barycentric: `[shape=(H, W, 3), float32]`, perspective-correct weights of its three corners in
        the order of the triangle, sum 1; 0 where there is none.
    depth: `[shape=(H, W), float32]`, distance from the camera in head units; inf where none is.
    """

    triangle: NDArray[np.int32]
    barycentric: Floats
    depth: Floats

    @property
    def mask(self) -> Bools:
        """Where there is a triangle, `[shape=(H, W), bool]`."""
        covered: Bools = self.triangle >= 0
        return covered

    def interpolate(self, triangles: ArrayLike, values: ArrayLike, fill: float = 0.0) -> Real:
        """Vertex `values [shape=(V, C)]` at each pixel, `[shape=(H, W, C)]`; `fill` where none."""
        table = np.asarray(values)
        out = np.full((*self.triangle.shape, table.shape[1]), fill, table.dtype)
        seen = self.mask
        corners = table[np.asarray(triangles)[self.triangle[seen]]]
        out[seen] = np.einsum("nk,nkc->nc", self.barycentric[seen], corners)
        return out


def _prepared(
    xy: ArrayLike, depth: ArrayLike, triangles: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    points, distance = np.asarray(xy, np.float64), np.asarray(depth, np.float64)
    faces = np.ascontiguousarray(triangles, np.int32)
    if points.ndim != 2 or points.shape[1] != 2 or distance.shape != points.shape[:1]:
        raise ValueError(
            f"rasteriser needs xy (V, 2) and depth (V,), got {points.shape} and {distance.shape}"
        )
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f"rasteriser needs triangles (F, 3), got {faces.shape}")
    if len(faces) and not (faces.min() >= 0 and faces.max() < len(points)):
        raise ValueError(f"triangles name vertices outside of the {len(points)} given")
    return np.column_stack([points, distance]), faces


def rasterise(
    xy: ArrayLike,
    depth: ArrayLike,
    triangles: ArrayLike,
    size: int | tuple[int, int],
    *,
    cull: bool = False,
) -> Fragments:
    """Find the nearest triangle behind each pixel centre.

    Args:
        xy: `[shape=(V, 2)]`, px, (0, 0) the outer corner of the top left pixel (`camera.project`).
        depth: `[shape=(V,)]`, distance from the camera, > 0; triangles with a corner at depth
            <= 0, not finite or a million px away are left out.
        triangles: `[shape=(F, 3)]`, vertex indices.
        size: side of a square picture, or (height, width), px.
        cull: leave out triangles seen from behind (clockwise in the picture).

    Returns:
        Fragments; a pixel centre on a shared edge belongs to exactly one triangle (top-left
        rule), equal depths go to the lower index.
    """
    from talkgraph.nodes.geometry import raster_kernels

    points, faces = _prepared(xy, depth, triangles)
    height, width = (size, size) if isinstance(size, int) else size
    owner = np.full((height, width), -1, np.int32)
    raster_kernels.cover(points, faces, owner, np.zeros((height, width)), cull, 0, 0)
    barycentric = np.zeros((height, width, 3), np.float32)
    distance = np.full((height, width), np.inf, np.float32)
    raster_kernels.interpolate(points, faces, owner, barycentric, distance)
    return Fragments(triangle=owner, barycentric=barycentric, depth=distance)


def draw(
    xy: ArrayLike,
    depth: ArrayLike,
    triangles: ArrayLike,
    colours: ArrayLike,
    size: int,
    samples: int = 2,
    detail: tuple[Floats, Floats] = NO_DETAIL,
) -> Pictures:
    """Draw a mesh with vertex colours.

    Args:
        xy, depth, triangles: as for `rasterise`.
        colours: `[shape=(V, 3)]`, sRGB in [0, 1], interpolated within triangles.
        size: side of the picture, px.
        samples: supersampling per axis; smooths the outline and everything inside.
        detail: a picture `[shape=(H, W, 3), float32]`, what it holds is added to the colours, and
            `[shape=(V, 3), float32]`: where in it each vertex lies (x, y in px), and the share.

    Returns:
        `[shape=(size, size, 4), uint8]`, RGB and straight alpha (share of the pixel covered);
        all 0 where nothing is.
    """
    from talkgraph.nodes.geometry import raster_kernels

    points, faces = _prepared(xy, depth, triangles)
    points[:, :2] *= samples
    fine = size * samples
    top, bottom, left, right = raster_kernels.framed(points, fine, fine, samples)
    owner = np.full((bottom - top, right - left), -1, np.int32)
    raster_kernels.cover(points, faces, owner, np.zeros(owner.shape), False, top, left)
    out = np.zeros((size, size, 4), np.uint8)
    tint = np.ascontiguousarray(colours, np.float32)
    raster_kernels.resolve(points, faces, owner, tint, *detail, samples, out, top, left)
    return out
