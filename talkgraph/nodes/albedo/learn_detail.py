"""What lies between the vertices of a face, taken from the sharpest plain frame of its clip."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.albedo import parameters
from talkgraph.nodes.albedo.frame_selection import best_frames
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_model.appearance import Appearance, manner_of, recoloured
from talkgraph.nodes.face_model.detail import Detail
from talkgraph.nodes.face_model.face_model import EYE, LIP, FaceModel
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import Albedo, Bools, Clip, Cover, FaceFit, Floats


@node("learn_detail", version=1)
class LearnDetail(Node):
    """Keep what a frame shows beside its render, (clip, fit, albedo, model, appearance) -> Detail.

    The paper gives every vertex of its mesh the colour of a pixel (section 3.3); between vertices
    colours are a blend, five pixels wide on a face of 250. What the blend misses in one frame, a
    picture, is laid on the mesh as a texture: pores, brows, lashes and the rims of lips and iris
    are as sharp as in the clip. The inside of the mouth is left out, and the eyeballs are where an
    appearance has samples of them.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.albedo import LearnDetail
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Albedo, Clip, Crop
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> grey, crop = np.full((2, 64, 64, 3), 128, np.uint8), Crop(left=0.0, top=0.0, side=64.0)
        >>> clip = Clip(frames=Frames.from_array(grey), fps=25.0, crop=crop, speech=None)
        >>> albedo = Albedo(colour=model.mean_albedo, light=np.eye(9, 3, dtype=np.float32))
        >>> LearnDetail().run(clip, fit, albedo, model).picture.shape
        (64, 64, 3)
    """

    frames: int = param(
        10, "of so many most neutral, most frontal frames the sharpest counts", ge=1, le=100
    )
    coarsest: float = param(
        0.02,
        "what is larger belongs to albedo and appearance: standard deviation of the blur that is"
        " taken away",
        unit="shares of the picture's side",
        gt=0,
        le=1,
    )
    behind: float = parameters.behind()
    grazing: float = parameters.grazing()
    square: float = parameters.square()
    doubt: float = parameters.doubt()

    @one_thread()
    def run(
        self,
        clip: Clip,
        fit: FaceFit,
        albedo: Albedo,
        model: FaceModel,
        appearance: Appearance | None = None,
        cover: Cover | None = None,
    ) -> Detail:
        """Find the frame, draw it, and keep the difference.

        Args:
            clip: the frames that were fitted.
            fit: shape and pose in each frame.
            albedo, appearance: what the render will have; see `render`.
            model: the face model of the fit.
            cover: what hides the face; nothing is kept there.

        Raises:
            GraphError: clip and fit are not of one size.
        """
        observer = Observer(clip, fit, model, self, cover)
        frame = max(
            (int(k) for k in best_frames(observer.plainness(), self.frames)),
            key=lambda k: _sharpness(observer, k),
        )
        view = observer.look(frame)
        colour = np.clip(albedo.colour * view.irradiance(albedo.light), 0, 1)
        if appearance is not None:
            colour = recoloured(colour, appearance, manner_of(fit.motion)[frame])
        at, beside, seen = observer.beside(frame, colour)
        # What lies behind the lips moves, and gazes differ: one frame's gap between the teeth, or
        # glance, would show in all. The eyes of a photo have no other gaze.
        outside = model.region <= LIP
        if appearance is None:
            outside |= model.region == EYE
        return Detail(
            picture=_fine(beside, seen, self.coarsest * fit.size).astype(np.float16),
            at=at.astype(np.float32),
            weight=view.weight * outside.astype(np.float32),
        )


def _sharpness(observer: Observer, frame: int) -> float:
    """How much of a frame changes from pixel to pixel where the face is."""
    _, beside, seen = observer.beside(frame, np.zeros((observer.model.vertex_count, 3), np.float32))
    grey = beside.mean(axis=2)
    steps = np.abs(np.diff(grey, 2, axis=0))[:, 1:-1] + np.abs(np.diff(grey, 2, axis=1))[1:-1]
    inside = seen[1:-1, 1:-1]
    return float(steps[inside].mean()) if inside.any() else 0.0


def _fine(beside: Floats, seen: Bools, sigma: float) -> Floats:
    """A picture less its blur, both of what was seen; 0 elsewhere."""
    from scipy.ndimage import gaussian_filter

    share = gaussian_filter(seen.astype(np.float32), sigma)
    blurred = gaussian_filter(np.where(seen[..., None], beside, 0), (sigma, sigma, 0))
    coarse = blurred / np.maximum(share, 1e-3)[..., None]
    return np.where(seen[..., None], beside - coarse, 0).astype(np.float32)
