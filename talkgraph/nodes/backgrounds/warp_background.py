"""Warp a background frame so that its head takes the pose and outline of the rendered face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.depth_mesh import DepthMesh, Posed, Reach, extend, movement
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.rasterise import draw
from talkgraph.nodes.values import Backgrounds, Clip, Cover, FaceFit, Ints, Motion


@node(
    "warp_background",
    version=1,
    transient=True,
    receptive_field={"backgrounds.source": 0, "backgrounds.motion": 0},
)
class WarpBackground(Node):
    """Face profiling of a clip's frame or a photo (Yi et al. 2020, section 3.3, citing Zhu et al.).

    The head of source frame `backgrounds.source[t]` is turned to the pose and its outline to the
    expression of `backgrounds.motion[t]`; hair, ears and neck follow with falling share, the
    crop's border stays in place, so that the crop can be pasted back. The map is one smooth field
    without holes; it does not fold as long as the turn stays within the limits of
    `match_backgrounds`. What stands before the face moves with its frame, and the alpha says where.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.backgrounds import WarpBackground
        >>> from talkgraph.nodes.backgrounds.rehearse_backgrounds import RehearseBackgrounds
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Clip, Crop
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> grey, crop = np.full((2, 64, 64, 3), 128, np.uint8), Crop(left=0.0, top=0.0, side=64.0)
        >>> clip = Clip(frames=Frames.from_array(grey), fps=25.0, crop=crop, speech=None)
        >>> WarpBackground().run(clip, fit, RehearseBackgrounds().run(fit), model)
        Frames(2 x (64, 64, 3))
    """

    lattice: int = param(64, "cells of the displacement field along a side", ge=8, le=512)
    smoothing: int = param(2, "passes of a 1-2-1 filter over the field", ge=0, le=32)
    hair_side: float = param(
        0.35, "moves fully beside the face: ears, hair", unit="head units", ge=0
    )
    hair_top: float = param(0.7, "moves fully above the face", unit="head units", ge=0)
    neck: float = param(
        1.1, "length below the chin until where nothing moves", unit="head units", gt=0
    )
    falloff: float = param(
        0.4,
        "least length from full movement to none beside and above",
        unit="head units",
        gt=0,
    )
    stretch: float = param(
        2.4, "that length per displacement where the head moves more", gt=1.5, le=10
    )
    skin: float = param(
        0.45, "how far a moving jaw drags the skin beside it", unit="head units", gt=0
    )
    border_slope: float = param(
        0.7, "largest displacement near the crop's border, times the distance to it", gt=0, lt=1
    )
    rounds: int = param(20, "iterations that invert the field", ge=1, le=200)

    def run(
        self,
        clip: Clip,
        fit: FaceFit,
        backgrounds: Backgrounds,
        model: FaceModel,
        cover: Cover | None = None,
    ) -> Frames:
        """Return lazily computed frames `[shape=(T, S, S, 3), uint8]`.

        With a `cover` that hides something they have alpha, `[shape=(T, S, S, 4), uint8]`: 255 for
        what lies behind the face, 0 for what stands before it.

        Raises:
            InputError: the backgrounds refer to frames that the clip, its fit or cover do not have.
        """
        source, motion = np.asarray(backgrounds.source), backgrounds.motion
        known = min(len(clip.frames), len(fit.motion.rotation))
        if len(source) and (source.min() < 0 or source.max() >= known):
            raise InputError(
                f"warp_background: backgrounds ask for clip frame {source.max()}, clip and fit "
                f"have {known}; match the backgrounds with this clip's fit"
            )
        if cover is not None and cover.share.shape != (known, model.vertex_count):
            raise InputError(
                f"warp_background: the cover is of {cover.share.shape[0]} frames and "
                f"{cover.share.shape[1]} vertices, the clip has {known} frames, the face model "
                f"{model.vertex_count}; connect the cover of this clip"
            )
        share = None if cover is None or not cover.share.any() else cover.share
        size, channels = clip.frames.shape[1], 3 if share is None else 4
        neutral = model.neutral(fit.identity)
        mesh = self._mesh(fit, model)

        def posed(motion: Motion, frames: Ints) -> list[Posed]:
            shapes = neutral + model.moved(motion.expression[frames])
            places = zip(shapes, motion.rotation[frames], motion.translation[frames], strict=True)
            return [Posed(*(np.asarray(one, np.float64) for one in place)) for place in places]

        def read(start: int, stop: int) -> Pictures:
            from talkgraph.nodes.backgrounds import field

            shown, which = np.unique(source[start:stop], return_inverse=True)
            pictures, before = _pictures(clip.frames, shown), posed(fit.motion, shown)
            after = posed(motion, np.arange(start, stop))
            made = np.full((stop - start, size, size, channels), 255, np.uint8)
            for frame, (one, target) in enumerate(zip(which, after, strict=True)):
                backward = self.backward_field(mesh, before[one], target, size)
                made[frame, ..., :3] = field.resampled(pictures[one], backward)
                if share is not None and share[shown[one]].any():
                    hides = _drawn(share[shown[one]], before[one], model, size)
                    made[frame, ..., 3] = 255 - field.resampled(hides, backward)[..., 0]
            return made

        return Frames.from_function(len(source), (size, size, channels), read)

    def _mesh(self, fit: FaceFit, model: FaceModel) -> DepthMesh:
        reach = Reach(
            side=self.hair_side,
            crown=self.hair_top,
            neck=self.neck,
            falloff=self.falloff,
            stretch=self.stretch,
            skin=self.skin,
        )
        return extend(model, model.neutral(fit.identity), reach)

    def backward_field(
        self, mesh: DepthMesh, before: Posed, after: Posed, size: int
    ) -> NDArray[np.float64]:
        """Where every place of the new picture comes from: displacement lattice, see `field`."""
        from talkgraph.nodes.backgrounds import field

        moved = movement(mesh, before, after, size)
        nodes, spacing = self.lattice + 1, size / self.lattice
        total = np.zeros((nodes, nodes, 2))
        for values, weights in (
            (moved.turn, moved.turn_weight),
            (moved.change, moved.change_weight),
        ):
            sums = field.scattered(moved.places, values, weights, nodes, spacing)
            total += field.filled(sums)
        forward = field.pinned(field.smoothed(total, self.smoothing), spacing, self.border_slope)
        return np.asarray(field.inverse(forward, spacing, self.rounds), np.float64)


def _drawn(share: Pictures, place: Posed, model: FaceModel, size: int) -> Pictures:
    """Where something hides the face in a frame, `[shape=(S, S, 3), uint8]`, 255 for all of it.

    Args:
        share: `[shape=(V,), uint8]`, of each vertex.
    """
    xy, depth = project(point_in_camera(place.vertices, place.rotation, place.translation), size)
    grey = np.repeat(share[:, None] / np.float32(255), 3, axis=1)
    return draw(xy, depth, model.triangles, grey, size, samples=1)[..., :3]


def _pictures(frames: Frames, wanted: Ints) -> list[Pictures]:
    """The wanted frames, read in one run where they lie close together (a path does)."""
    first, last = int(wanted[0]), int(wanted[-1])
    if last - first < 2 * len(wanted):
        run = frames[first : last + 1]
        return [run[i - first] for i in wanted]
    return [frames[int(i)] for i in wanted]
