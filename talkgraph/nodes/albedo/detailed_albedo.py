"""Detailed albedo: the colours of a frame, divided by the light (Yi et al. 2020, section 3.3)."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, note, param
from talkgraph.errors import InputError
from talkgraph.nodes.albedo import parameters
from talkgraph.nodes.albedo.complete import complete, weighted_median
from talkgraph.nodes.albedo.frame_selection import best_frames
from talkgraph.nodes.albedo.mouth_and_eyes import divided, inner_colours, with_likely_teeth
from talkgraph.nodes.albedo.observe import Observation, Observer
from talkgraph.nodes.face_model.face_model import LIP, SKIN, FaceModel
from talkgraph.nodes.geometry.lighting import estimate_light
from talkgraph.nodes.geometry.mesh import vertex_areas
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import Albedo, Clip, Cover, FaceFit, Floats

BRIGHTEST = 2.0  # albedo above this can only come from highlights on badly lit spots


@node("detailed_albedo", version=1)
class DetailedAlbedo(Node):
    """Project the fitted shape, take each vertex's colour and divide by the light,
    (clip, fit, model) -> Albedo (Yi et al. 2020, section 3.3).

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.albedo import DetailedAlbedo
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Clip, Crop
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> grey, crop = np.full((2, 64, 64, 3), 128, np.uint8), Crop(left=0.0, top=0.0, side=64.0)
        >>> clip = Clip(frames=Frames.from_array(grey), fps=25.0, crop=crop, speech=None)
        >>> albedo = DetailedAlbedo().run(clip, fit, model)
        >>> albedo.colour.shape == model.mean_albedo.shape, albedo.light.shape
        (True, (9, 3))
    """

    frames: int = param(
        1, "how many of the most neutral, most frontal frames to use; the paper: one", ge=1, le=100
    )
    ridge: float = parameters.ridge()
    behind: float = parameters.behind()
    grazing: float = parameters.grazing()
    square: float = parameters.square()
    doubt: float = parameters.doubt()
    mouth_frames: int = parameters.mouth_frames()
    eye_frames: int = parameters.eye_frames()
    coldest_green: float = parameters.coldest_green()
    coldest_blue: float = parameters.coldest_blue()
    warmest_green: float = parameters.warmest_green()
    warmest_blue: float = parameters.warmest_blue()

    @one_thread()
    def run(self, clip: Clip, fit: FaceFit, model: FaceModel, cover: Cover | None = None) -> Albedo:
        """Compute albedo and light of a clip.

        Args:
            clip: the frames that were fitted.
            fit: shape and pose in each frame.
            model: the face model of the fit.
            cover: what hides the face; it gives no colours.

        Returns:
            albedo of all vertices; what no frame shows is filled in smoothly.

        Raises:
            GraphError: clip and fit are not of one size.
            InputError: the clip shows no skin.
        """
        observer = Observer(clip, fit, model, self, cover)
        views = [observer.look(int(k)) for k in best_frames(observer.plainness(), self.frames)]
        light = light_of(views, model.mean_albedo, model, self.ridge)
        outer = model.region <= LIP
        tint = np.stack([divided(view.colour, view.irradiance(light)) for view in views])
        seen = np.stack([view.weight * outer for view in views])
        colour, weight = weighted_median(tint, seen)
        if (weight[outer] > 0).mean() < 0.5:
            note("detailed albedo: less than half of the face is visible; the rest is guessed")
        inner, inner_weight = inner_colours(
            observer, light, mouth_frames=self.mouth_frames, eye_frames=self.eye_frames
        )
        values = np.where(outer[:, None], colour, inner)
        weights = np.where(outer, weight, inner_weight)
        filled = complete(values, weights, model)
        filled = with_likely_teeth(filled, weights, light, model, self)
        return Albedo(colour=np.clip(filled, 0, BRIGHTEST), light=light)


def light_of(views: list[Observation], albedo: Floats, model: FaceModel, ridge: float) -> Floats:
    """The light that best explains what the skin looks like, `[shape=(9, 3), float32]`.

    Args:
        views: frames, all under the same light.
        albedo: `[shape=(V, 3)]`, assumed reflectance.
        model: the face model; only its skin counts.
        ridge: see `estimate_light`.

    Raises:
        InputError: no skin is visible.
    """
    skin = model.region == SKIN
    if not any(view.weight[skin].any() for view in views):
        raise InputError("the chosen frames show no skin: give a clip that shows the face")
    area = vertex_areas(model.mean_shape, model.triangles)[skin]
    return estimate_light(
        np.concatenate([view.colour[skin] for view in views]),
        np.tile(albedo[skin], (len(views), 1)),
        np.concatenate([view.normal[skin] for view in views]),
        np.concatenate([view.weight[skin] * area for view in views]),
        ridge=ridge,
    )
