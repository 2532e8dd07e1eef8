"""From motion to what a rasteriser draws: projected vertices and their shaded colours."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from talkgraph.nodes.face_model.appearance import Appearance, in_single, recoloured
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.occlusion import inner_light
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.lighting import shade
from talkgraph.nodes.geometry.mesh import NormalOperator
from talkgraph.nodes.geometry.rotation import Real
from talkgraph.nodes.values import Albedo, Floats, Motion


@attrs.frozen(eq=False, kw_only=True)
class ShadedMesh:
    """One frame, ready to draw.

    xy: `[shape=(V, 2), float32]`, px.   depth: `[shape=(V,), float32]`, head units.
    point_in_camera: `[shape=(V, 3), float32]`.
    colour: `[shape=(V, 3), float32]`, sRGB in [0, 1].
    """

    xy: Floats
    depth: Floats
    point_in_camera: Floats
    colour: Floats


class Shader:
    """Shades one person under one light: Yi et al. 2020, section 3.1, with B = 3 bands.

    colour = albedo * sum over b of light_b * Phi_b(normal), the normal turned with the head; behind
    lips and lids times `inner_light`; then what an `Appearance` adds.
    """

    def __init__(
        self,
        model: FaceModel,
        identity: Floats,
        albedo: Albedo,
        size: int,
        appearance: Appearance | None = None,
    ) -> None:
        self.model = model
        self.neutral = model.neutral(identity)
        self.albedo = albedo
        self.size = size
        self.appearance = None if appearance is None else in_single(appearance)
        self._normals = NormalOperator(model.triangles, model.vertex_count)

    def mesh(
        self,
        expression: Floats,
        rotation: Floats,
        translation: Floats,
        apart: tuple[int, int] | None = None,
    ) -> ShadedMesh:
        """Shade one frame of a motion: `(64,)`, `(3,)` rad and `(3,)` head units.

        Args:
            apart: first and last frame of the clip whose samples do not count in the appearance.
        """
        moved = self.model.moved(expression)
        return self._shaded(moved, expression, rotation, translation, apart)

    def _shaded(
        self,
        moved: Floats,
        expression: Floats,
        rotation: Floats,
        translation: Floats,
        apart: tuple[int, int] | None,
    ) -> ShadedMesh:
        placed = point_in_camera(self.neutral + moved, rotation, translation).astype(np.float32)
        xy, depth = project(placed, self.size)
        light = shade(self._normals(placed), self.albedo.light)
        lit: Real | Floats = self.albedo.colour * light * inner_light(self.model, placed)
        if self.appearance is not None:
            manner = np.concatenate([expression, rotation], dtype=np.float64)
            lit = recoloured(lit, self.appearance, manner, apart)
        return ShadedMesh(
            xy=xy,
            depth=depth,
            point_in_camera=placed,
            colour=np.clip(lit, 0, 1).astype(np.float32),
        )

    def meshes(
        self, motion: Motion, start: int, stop: int, around: int = 0
    ) -> Iterator[ShadedMesh]:
        """Shade frames start..stop of a motion.

        Args:
            around: where the motion is the clip's own, samples this many frames to each side of
                the drawn frame do not count, nor does it; 0: all count.
        """
        moved = self.model.moved(motion.expression[start:stop])
        for k in range(start, stop):
            apart = (k - around, k + around) if around else None
            pose = motion.rotation[k], motion.translation[k]
            yield self._shaded(moved[k - start], motion.expression[k], *pose, apart)
