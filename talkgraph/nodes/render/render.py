"""The node that renders a motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, note, param
from talkgraph.errors import GraphError
from talkgraph.nodes.face_model.appearance import Appearance
from talkgraph.nodes.face_model.detail import Detail, layer_of
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.render.shading import Shader
from talkgraph.nodes.values import Albedo, FaceFit, Motion

Read = Callable[[int, int], Pictures]


@node("render", version=1, transient=True, receptive_field={"motion": 0})
class Render(Node):
    """Draw the face with its motion, (motion, fit, albedo, model, appearance) -> RGBA frames.

    Lambertian surface under spherical-harmonics light (Yi et al. 2020, sections 3.1 and 3.3);
    RGB and straight alpha, 0 around the face and smooth along its outline. The mouth's inside and
    the eyes are drawn, never holes. With an appearance the colours change with expression and turn
    as they do in the clip.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.render import Render
        >>> from talkgraph.nodes.values import Albedo
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> albedo = Albedo(colour=model.mean_albedo, light=np.eye(9, 3, dtype=np.float32))
        >>> Render(backend="software").run(fit.motion, fit, albedo, model)
        Frames(2 x (64, 64, 4))
    """

    backend: str = param(
        "auto",
        "what draws: pyrender (OpenGL), the software rasteriser, or auto, the quicker one",
        choices=("auto", "software", "pyrender"),
    )
    size: int = param(0, "side of the pictures; 0 takes the fit's", unit="px", ge=0, le=4096)
    samples: int = param(2, "supersampling per axis, for smooth outlines", ge=1, le=4)
    leave_out: float = param(
        0.0,
        "samples of the appearance nearer than this, or than a quarter of the motion, do not count:"
        " for a motion that is the clip's own, which would find itself",
        unit="s",
        ge=0,
    )

    def run(
        self,
        motion: Motion,
        fit: FaceFit,
        albedo: Albedo,
        model: FaceModel,
        appearance: Appearance | None = None,
        detail: Detail | None = None,
    ) -> Frames:
        """Render lazily: frames are drawn when they are read.

        Args:
            motion: what the face does; T frames.
            fit: whose face it is, and the size to which the pose refers.
            albedo: reflectance and light, of the same face model.
            model: the face model.
            appearance: what to add to the shaded colours.
            detail: what to add between them; OpenGL draws without it.

        Returns:
            `[shape=(T, S, S, 4), uint8]`.

        Raises:
            GraphError: albedo or appearance belongs to another face model.
        """
        if len(albedo.colour) != model.vertex_count:
            raise GraphError(
                f"node render: port albedo has {len(albedo.colour)} vertices, port model "
                f"('{model.name}') {model.vertex_count}: connect the face model of the albedo"
            )
        if appearance is not None and appearance.change.shape[1] != model.vertex_count:
            raise GraphError(
                f"node render: port appearance has {appearance.change.shape[1]} vertices, port "
                f"model ('{model.name}') {model.vertex_count}: connect the face model of the "
                "appearance"
            )
        size = self.size or fit.size
        shader = Shader(model, fit.identity, albedo, size, appearance)
        read = self._reader(shader, motion, size, detail)
        return Frames.from_function(len(motion.expression), (size, size, 4), read)

    def _reader(self, shader: Shader, motion: Motion, size: int, detail: Detail | None) -> Read:
        # llvmpipe (GL on the CPU) is several times slower than our rasteriser, and a GPU's gain at
        # these sizes is eaten by reading the picture back: auto means software.
        if self.backend == "pyrender":
            from talkgraph.nodes.render import gl

            reason = gl.why_unavailable()
            if reason is None:
                if detail is not None:
                    note("render: OpenGL draws without the detail; backend 'software' has it")
                return self._gl_reader(shader, motion, size)
            note(f"render: OpenGL is not available ({reason}); the software rasteriser draws")
        return self._software_reader(shader, motion, size, detail)

    def _around(self, motion: Motion) -> int:
        """Frames to each side that do not count: of a short motion at most a quarter, so that half
        of it is left to look like."""
        return min(round(self.leave_out * motion.fps), len(motion.expression) // 4)

    def _gl_reader(self, shader: Shader, motion: Motion, size: int) -> Read:
        from talkgraph.nodes.render import gl

        around = self._around(motion)

        def read(start: int, stop: int) -> Pictures:
            triangles = shader.model.triangles
            meshes = shader.meshes(motion, start, stop, around)
            return np.stack([gl.draw(mesh, triangles, size, self.samples) for mesh in meshes])

        return read

    def _software_reader(
        self, shader: Shader, motion: Motion, size: int, detail: Detail | None
    ) -> Read:
        from talkgraph.nodes.geometry import rasterise

        layer = rasterise.NO_DETAIL if detail is None else layer_of(detail)
        around = self._around(motion)

        def read(start: int, stop: int) -> Pictures:
            out = np.empty((stop - start, size, size, 4), np.uint8)
            triangles = shader.model.triangles
            for picture, mesh in zip(out, shader.meshes(motion, start, stop, around), strict=True):
                look = mesh.xy, mesh.depth, triangles, mesh.colour
                picture[:] = rasterise.draw(*look, size, self.samples, layer)
            return out

        return read
