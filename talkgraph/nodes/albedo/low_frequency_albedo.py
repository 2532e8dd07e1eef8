"""Low-frequency albedo: coefficients of the model's basis (Yi et al. 2020, sections 3.1 and 3.3).

T = mean + B_tex delta. Smooth, therefore tolerant of changes of pose and small errors of the fit.
"""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.albedo import parameters
from talkgraph.nodes.albedo.complete import complete
from talkgraph.nodes.albedo.detailed_albedo import BRIGHTEST, light_of
from talkgraph.nodes.albedo.frame_selection import best_frames
from talkgraph.nodes.albedo.mouth_and_eyes import inner_colours, with_likely_teeth
from talkgraph.nodes.albedo.observe import Observation, Observer
from talkgraph.nodes.face_model.face_model import LIP, FaceModel
from talkgraph.nodes.geometry.lighting import irradiance
from talkgraph.nodes.geometry.mesh import vertex_areas
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import Albedo, Clip, Cover, FaceFit, Floats

OUTLIER = 0.08  # colour residual at which a vertex's weight has fallen to a quarter


@node("low_frequency_albedo", version=1)
class LowFrequencyAlbedo(Node):
    """Fit the albedo basis and the light to several frames, (clip, fit, model) -> Albedo
    (Yi et al. 2020, sections 3.1 and 3.3).

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.albedo import LowFrequencyAlbedo
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Clip, Crop
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> grey, crop = np.full((2, 64, 64, 3), 128, np.uint8), Crop(left=0.0, top=0.0, side=64.0)
        >>> clip = Clip(frames=Frames.from_array(grey), fps=25.0, crop=crop, speech=None)
        >>> albedo = LowFrequencyAlbedo().run(clip, fit, model)
        >>> albedo.colour.shape == model.mean_albedo.shape, albedo.light.shape
        (True, (9, 3))
    """

    frames: int = param(10, "how many neutral, frontal frames to fit", ge=1, le=100)
    rounds: int = param(4, "alternations of albedo and light", ge=1, le=50)
    prior: float = param(
        1e-3, "weight of the albedo prior (coefficients in standard deviations)", gt=0
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
        """Compute albedo and light of a clip; arguments and result as for `DetailedAlbedo`."""
        observer = Observer(clip, fit, model, self, cover)
        views = [observer.look(int(k)) for k in best_frames(observer.plainness(), self.frames)]
        coefficients = np.zeros(model.albedo_basis.shape[2], np.float32)
        for _ in range(self.rounds):
            light = light_of(views, model.albedo(coefficients), model, self.ridge)
            coefficients = fit_albedo(views, coefficients, light, model, self.prior)
        albedo = model.albedo(coefficients)
        inner, weight = inner_colours(
            observer, light, mouth_frames=self.mouth_frames, eye_frames=self.eye_frames
        )
        patches = complete(inner, weight, model)
        patches = with_likely_teeth(patches, weight, light, model, self)
        outer = (model.region <= LIP)[:, None]
        return Albedo(colour=np.clip(np.where(outer, albedo, patches), 0, BRIGHTEST), light=light)


def fit_albedo(
    views: list[Observation],
    start: Floats,
    light: Floats,
    model: FaceModel,
    prior: float,
) -> Floats:
    """One robust ridge least-squares step for the albedo coefficients, given the light.

    Minimises the weighted mean of (colour - (mean + B delta) * irradiance)^2 / outlier^2 plus
    prior * |delta|^2; weights from the residual at `start`.

    Args:
        views: frames.
        start: `[shape=(K,)]`, present coefficients.
        light: `[shape=(9, 3)]`.
        model: the face model; skin and lips count.
        prior: weight of the prior.

    Returns:
        delta `[shape=(K,), float32]`.
    """
    outer = np.flatnonzero(model.region <= LIP)
    basis = model.albedo_basis[outer].astype(np.float64)
    mean = model.mean_albedo[outer].astype(np.float64)
    present = mean + basis @ np.asarray(start, np.float64)
    area = vertex_areas(model.mean_shape, model.triangles)[outer]
    count = basis.shape[2]
    system, target, total = np.zeros((count, count)), np.zeros(count), 0.0
    # Frames share the basis, so sum their 3 x V equations into one weight and target per vertex.
    energy, pull = np.zeros_like(mean), np.zeros_like(mean)
    for view in views:
        lit = irradiance(view.normal[outer].astype(np.float64), light)
        residual = view.colour[outer] - present * lit
        robust = 1 / (1 + (residual**2).mean(axis=1) / OUTLIER**2) ** 2
        weight = (view.weight[outer] * area * robust)[:, None] / OUTLIER**2
        energy += weight * lit**2
        pull += weight * lit * (view.colour[outer] - mean * lit)
        total += float((view.weight[outer] * area).sum()) * 3
    rows = basis.reshape(-1, count)
    system = rows.T @ (rows * energy.reshape(-1, 1)) / max(total, 1e-12)
    target = rows.T @ pull.ravel() / max(total, 1e-12)
    solved = np.linalg.solve(system + prior * np.eye(count), target)
    return solved.astype(np.float32)
