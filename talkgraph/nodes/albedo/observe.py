"""What a frame shows of the face model: the colour of each vertex and how well it is seen."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.engine import Node
from talkgraph.errors import GraphError
from talkgraph.nodes.albedo.frame_selection import plainness
from talkgraph.nodes.albedo.parameters import Sight
from talkgraph.nodes.face_model.face_model import LIP, FaceModel
from talkgraph.nodes.face_model.occlusion import inner_light
from talkgraph.nodes.geometry.camera import DISTANCE, point_in_camera, project
from talkgraph.nodes.geometry.lighting import shade
from talkgraph.nodes.geometry.mesh import NormalOperator
from talkgraph.nodes.geometry.rasterise import draw, rasterise
from talkgraph.nodes.geometry.rotation import Real
from talkgraph.nodes.values import Bools, Clip, Cover, FaceFit, Floats, Ints

NOTHING = 255  # in place of a region where the model covers nothing, or at a region's edge
SPACING_TO_BLUR = 0.3  # blur of the frame (standard deviation) per px between vertices


@attrs.frozen(eq=False, kw_only=True)
class Observation:
    """One frame seen through the face model.

    colour: `[shape=(V, 3), float32]`, sRGB in [0, 1], 0 where weight is 0.
    weight: `[shape=(V,), float32]` in [0, 1]; 0 hidden or outside of the picture, 1 seen squarely.
    normal: `[shape=(V, 3), float32]`, unit, camera space.
    share: `[shape=(V, 3), float32]`, of the light that comes in through the openings, else 1.
    """

    colour: Floats
    weight: Floats
    normal: Floats
    share: Floats

    def irradiance(self, light: Floats) -> Floats:
        """What `light [shape=(9, 3)]` throws on each vertex in this frame, `[shape=(V, 3)]`."""
        return (shade(self.normal, light) * self.share).astype(np.float32)


class Observer:
    """Looks at frames of one clip through one fitted face model.

    node: one of the stage; its parameters say what counts as seen.
    cover: what hides the face; without, nothing does.
    rim: `[shape=(R,), int64]`, vertices of inner surfaces that lie on a lip or lid; never observed,
        because a frame shows the lip or lid there.
    """

    def __init__(
        self,
        clip: Clip,
        fit: FaceFit,
        model: FaceModel,
        node: Node,
        cover: Cover | None = None,
    ) -> None:
        if clip.frames.shape[0] != fit.size or clip.frames.shape[1] != fit.size:
            raise GraphError(
                f"node {node.node_id}: port clip has frames of {clip.frames.shape[1]} x "
                f"{clip.frames.shape[0]} px, port fit refers to {fit.size} px: connect the clip "
                "that was fitted"
            )
        wanted = (len(clip.frames), model.vertex_count)
        if cover is not None and cover.share.shape != wanted:
            raise GraphError(
                f"node {node.node_id}: port cover is of {cover.share.shape[0]} frames and "
                f"{cover.share.shape[1]} vertices, clip and model have {wanted[0]} and "
                f"{wanted[1]}: connect the cover of this clip, found with this face model"
            )
        self.sight = Sight.of(node)
        self.cover = cover
        self.clip = clip
        self.fit = fit
        self.model = model
        self._normals = NormalOperator(model.triangles, model.vertex_count)
        self._region = model.region[model.triangles[:, 0]]
        self.rim = _copies_of_rims(model)

    def placed(self, frame: int) -> Floats:
        """The shape in a frame, point_in_camera `[shape=(V, 3), float32]`."""
        motion = self.fit.motion
        shape = self.model.shape(self.fit.identity, motion.expression[frame])
        moved = point_in_camera(shape, motion.rotation[frame], motion.translation[frame])
        return moved.astype(np.float32)

    def look(self, frame: int) -> Observation:
        """Sample the colours of all vertices in one frame."""
        size = self.fit.size
        placed = self.placed(frame)
        normal = self._normals(placed)
        xy, depth = project(placed, size)
        seen = rasterise(xy, depth, self.model.triangles, size)
        column = np.clip(np.floor(xy[:, 0]).astype(np.int64), 0, size - 1)
        row = np.clip(np.floor(xy[:, 1]).astype(np.int64), 0, size - 1)
        inside = ((xy >= 0.5) & (xy <= size - 0.5)).all(axis=1)
        in_front = depth <= seen.depth[row, column] + self.sight.behind
        # A patch behind lips or lids counts little but well inside the opening, where a small
        # error of the fit does not bring in the colour of the lips.
        owner = np.where(seen.mask, self._region[seen.triangle], NOTHING).astype(np.uint8)
        doubtful = (self.model.region > LIP) & (_eroded(owner)[row, column] != self.model.region)
        sight = np.array([0, 0, DISTANCE], np.float32) - placed
        sight /= np.linalg.norm(sight, axis=1, keepdims=True)
        cosine = (normal * sight).sum(axis=1)
        grazing, rise = self.sight.grazing, self.sight.square - self.sight.grazing
        square = np.clip((cosine - grazing) / max(rise, 1e-6), 0, 1)
        weight = np.where(inside & in_front, square, 0).astype(np.float32)
        weight[doubtful] *= self.sight.doubt
        weight[self.rim] = 0
        if self.cover is not None:
            weight *= 1 - self.cover.share[frame] / np.float32(255)
        picture = self.clip.frames[frame]
        colour = _bilinear(_softened(picture, self._spacing(xy)), xy)
        colour[weight == 0] = 0
        return Observation(
            colour=colour,
            weight=weight,
            normal=normal.astype(np.float32),
            share=inner_light(self.model, placed),
        )

    def plainness(self) -> NDArray[np.float64]:
        """How neutral, frontal and free each frame is, see `frame_selection.plainness`."""
        motion, hidden = self.fit.motion, np.zeros(len(self.fit.measured), np.float32)
        if self.cover is not None:
            hidden = np.asarray(self.cover.share.mean(axis=1) / 255, np.float32)
        return plainness(
            motion.expression, motion.rotation, self.fit.error, self.fit.measured, hidden
        )

    def missed(self, frame: int, colour: Floats) -> Floats:
        """What a frame shows beside the picture that vertex colours give of it.

        Args:
            colour: `[shape=(V, 3)]`, sRGB in [0, 1], of all vertices in that frame.

        Returns:
            `[shape=(V, 3), float32]`, at each vertex' place; 0 where the picture has no face.
        """
        xy, beside, seen = self.beside(frame, colour)
        beside[~seen] = 0
        return _bilinear(beside, xy)

    def beside(self, frame: int, colour: Floats) -> tuple[Real, Floats, Bools]:
        """The same as a picture.

        Returns:
            the vertices' places `[shape=(V, 2)]`, px; `[shape=(S, S, 3), float32]`, sRGB in
            [-1, 1]; `[shape=(S, S), bool]`, where the face covers a pixel whole.
        """
        xy, depth = project(self.placed(frame), self.fit.size)
        picture = draw(xy, depth, self.model.triangles, colour, self.fit.size)
        beside = self.clip.frames[frame].astype(np.float32) - picture[..., :3]
        return xy, beside / np.float32(255), picture[..., 3] == 255

    def _spacing(self, xy: Real) -> float:
        """Median length in px of the triangles' sides."""
        t = self.model.triangles
        return float(np.median(np.linalg.norm(xy[t[:, 0]] - xy[t[:, 1]], axis=1)))


def _copies_of_rims(model: FaceModel) -> Ints:
    """Vertices of inner surfaces that lie on a lip or lid: a frame shows the lip or lid there."""
    from scipy.spatial import cKDTree

    inner = np.flatnonzero(model.region > LIP)
    if not len(inner):
        return inner
    outer = cKDTree(model.mean_shape[model.region <= LIP])
    distance, _ = outer.query(model.mean_shape[inner])
    on_rim: Ints = inner[distance < 1e-5]
    return on_rim


def _eroded(owner: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Keep a pixel's region only where all eight neighbours share it; 255 elsewhere."""
    padded = np.pad(owner, 1, mode="edge")
    same = np.ones(owner.shape, bool)
    for dy in range(3):
        for dx in range(3):
            same &= padded[dy : dy + owner.shape[0], dx : dx + owner.shape[1]] == owner
    return np.where(same, owner, NOTHING).astype(np.uint8)


def _softened(picture: Pictures, spacing: float) -> Floats:
    """The picture in [0, 1], blurred to what the vertices can carry."""
    from scipy.ndimage import gaussian_filter

    floating = picture.astype(np.float32) / 255
    sigma = SPACING_TO_BLUR * spacing
    blurred: Floats = gaussian_filter(floating, (sigma, sigma, 0), mode="nearest", truncate=3)
    return blurred


def _bilinear(picture: Floats, xy: Real) -> Floats:
    """Colours at px positions, `[shape=(N, 3), float32]`; the border repeats outside."""
    height, width = picture.shape[:2]
    x = np.clip(xy[:, 0] - 0.5, 0, width - 1)
    y = np.clip(xy[:, 1] - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    u, v = (x - left)[:, None], (y - top)[:, None]
    upper = picture[top, left] * (1 - u) + picture[top, right] * u
    lower = picture[bottom, left] * (1 - u) + picture[bottom, right] * u
    mixed: Floats = (upper * (1 - v) + lower * v).astype(np.float32)
    return mixed
