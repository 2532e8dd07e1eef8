"""How a face's colours change with expression and turn, learned from its clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param, progress
from talkgraph.nodes.albedo import parameters
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_model.appearance import (
    Appearance,
    Samples,
    features_of,
    manner_of,
    recoloured,
)
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, INNER_LIPS, OUTER_LIPS
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH, LIP, FaceModel
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import Albedo, Clip, Cover, FaceFit, Floats, Ints

Real = NDArray[np.float64]

LEAST_TURN = np.radians(1.0)  # deviation of a turn that counts as one: below it is noise
LEAST_SPREAD = 0.05  # the same of an expression, standard deviations
NEIGHBOURS = 4  # frames: nearer ones are no other mouth or gaze
APART = 0.4  # s; a redrawn frame must not find itself or its like among the samples
SHAPE_SIZE = 12  # numbers that tell the shape of mouth or lids


@node("learn_appearance", version=1)
class LearnAppearance(Node):
    """Learn what an albedo cannot hold, (clip, fit, albedo, model) -> Appearance.

    Frames of the clip are compared with what the albedo would show of them; the difference of
    every vertex becomes a straight line over the main directions of expression and the head's
    turn (ridge regression, so that a short clip changes little; not the eyeballs', whose gaze is no
    line), and what remains about mouth and eyes is kept, sample by sample. Folds, shine, lids,
    teeth and the habit of the gaze come so
    from the clip itself. An addition to Yi et al. 2020.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.albedo import LearnAppearance
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Albedo, Clip, Crop
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> grey, crop = np.full((2, 64, 64, 3), 128, np.uint8), Crop(left=0.0, top=0.0, side=64.0)
        >>> clip = Clip(frames=Frames.from_array(grey), fps=25.0, crop=crop, speech=None)
        >>> albedo = Albedo(colour=model.mean_albedo, light=np.eye(9, 3, dtype=np.float32))
        >>> found = LearnAppearance(directions=1).run(clip, fit, albedo, model)
        >>> found.change.shape == (5, model.vertex_count, 3)  # 1, a direction, three angles
        True
    """

    frames: int = param(120, "how many of the clip's frames are looked at", ge=1, le=1000)
    directions: int = param(8, "main directions of the clip's expression", ge=0, le=64)
    ridge: float = param(
        8.0, "frames' worth of pull of each slope towards none", unit="frames", gt=0
    )
    constant_ridge: float = param(
        1.0, "the same of the constant, towards the albedo", unit="frames", gt=0
    )
    reach: float = param(
        0.12, "how far about lips and lids the samples rule", unit="head units", gt=0
    )
    sharpness: float = param(
        0.5,
        "samples blend over this share of the usual distance to the most similar one: less is"
        " sharper, and less smooth in time",
        gt=0,
    )
    turn_weight: float = param(
        0.05, "of the head's turn in the likeness of eyes: gaze makes up for it", unit="1/rad", ge=0
    )
    outlier: float = param(
        0.3,
        "difference from the albedo at which a place of the skin counts half: a hand or hair",
        unit="levels of 1",
        gt=0,
    )
    redrawn: int = param(
        2,
        "times that the frames are drawn with what was learned, and what they lack is added:"
        " colours between vertices are a blend, which blurs",
        ge=0,
        le=10,
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
        cover: Cover | None = None,
    ) -> Appearance:
        """Learn from at most `frames` frames in which the face was measured.

        What a `cover` hides does not count.

        Raises:
            GraphError: clip and fit are not of one size.
        """
        observer = Observer(clip, fit, model, self, cover)
        measured = np.flatnonzero(fit.measured)
        chosen = measured[evenly_spread(len(measured), self.frames)]
        manner = manner_of(fit.motion)
        centre = manner.mean(axis=0)
        direction = self._directions(manner - centre)
        features = features_of(manner[chosen], centre, direction)
        base = np.empty((len(chosen), model.vertex_count, 3), np.float32)
        difference = np.empty_like(base)
        weight = np.empty(difference.shape[:2], np.float32)
        for row, frame in enumerate(chosen):
            view = observer.look(int(frame))
            base[row] = np.clip(albedo.colour * view.irradiance(albedo.light), 0, 1)
            difference[row] = view.colour - base[row]
            weight[row] = view.weight * self._likely(difference[row], model)
            progress(row + 1, len(chosen))
        # No line between two gazes is a gaze: it is an eye without an iris.
        steady = weight * (model.region != EYE)
        change = self._lines(features, difference, steady)
        difference -= np.einsum("kd,dvc->kvc", features, change, optimize=True)

        def samples(region: int, landmarks: tuple[int, ...], turn_weight: float) -> Samples:
            at, share = self._part(model, region)
            shape = _shape_direction(model, landmarks, turn_weight, manner[chosen] - centre)
            placed = manner[chosen] @ shape.T
            return Samples(
                vertices=at,
                share=share,
                direction=shape.astype(np.float32),
                shape=placed.astype(np.float32),
                colour=difference[:, at].astype(np.float16),
                weight=weight[:, at].astype(np.float16),
                frame=chosen,
                width=self.sharpness * _usual_distance(placed, chosen),
            )

        mouth = samples(INNER_MOUTH, (*OUTER_LIPS, *INNER_LIPS), 0.0)
        eyes = samples(EYE, (*EYE_RIMS[0], *EYE_RIMS[1]), self.turn_weight)

        def appearance() -> Appearance:
            return Appearance(
                centre=centre.astype(np.float32),
                direction=direction.astype(np.float32),
                change=change.astype(np.float32),
                mouth=mouth,
                eyes=eyes,
            )

        apart = round(APART * fit.motion.fps)
        for _ in range(self.redrawn):
            found = appearance()
            for row, frame in enumerate(chosen):
                near = (int(frame) - apart, int(frame) + apart)
                drawn = recoloured(base[row], found, manner[frame], near)
                difference[row] = observer.missed(int(frame), drawn)
            change += self._lines(features, difference, steady)
        return appearance()

    def _likely(self, difference: Floats, model: FaceModel) -> Floats:
        """How likely a vertex shows the face itself, `[shape=(V,), float32]` in (0, 1]; what lies
        behind lips and lids may look like anything."""
        away = np.einsum("vc,vc->v", difference, difference) / (3 * self.outlier**2)
        away[model.region > LIP] = 0
        return np.asarray(1 / (1 + away), np.float32)

    def _directions(self, away: Real) -> Real:
        """Features of deviation 1: main directions of the expression, then the three angles."""
        expression, turn = away[:, :-3], away[:, -3:]
        _, size, axes = np.linalg.svd(expression, full_matrices=False)
        count = min(self.directions, len(axes))
        spread = np.maximum(size[:count] / np.sqrt(len(away)), LEAST_SPREAD)
        found = np.zeros((count + 3, away.shape[1]))
        found[:count, :-3] = axes[:count] / spread[:, None]
        found[count:, -3:] = np.diag(1 / (turn.std(axis=0) + LEAST_TURN))
        return found

    def _lines(self, features: Real, difference: Floats, weight: Floats) -> Real:
        """Weighted ridge regression of every vertex, `[shape=(1 + D, V, 3)]`."""
        pull = np.full(features.shape[1], self.ridge)
        pull[0] = self.constant_ridge
        product = (features[:, :, None] * features[:, None]).reshape(len(features), -1)
        system = (weight.T.astype(np.float64) @ product).reshape(-1, len(pull), len(pull))
        seen = difference * weight[..., None]
        wanted = (features.T @ seen.reshape(len(seen), -1)).reshape(len(pull), -1, 3)
        solved = np.linalg.solve(system + np.diag(pull), wanted.transpose(1, 0, 2))
        return np.asarray(solved.transpose(1, 0, 2), np.float64)

    def _part(self, model: FaceModel, region: int) -> tuple[Ints, Floats]:
        """Vertices about a mouth or eyes, and how far the samples rule there."""
        from scipy.spatial import cKDTree

        core = model.region == region
        if region == INNER_MOUTH:
            core |= model.region == LIP
        if not core.any():
            return np.empty(0, np.int64), np.empty(0, np.float32)
        distance, _ = cKDTree(model.mean_shape[core]).query(model.mean_shape)
        mine = (distance < self.reach) & ((model.region <= LIP) | (model.region == region))
        at = np.flatnonzero(mine)
        inwards = 1 - distance[at] / self.reach
        return at, (inwards * inwards * (3 - 2 * inwards)).astype(np.float32)


def _shape_direction(
    model: FaceModel, landmarks: tuple[int, ...], turn_weight: float, away: Real
) -> Real:
    """What of a manner tells the part's shape, `[shape=(M, 67)]`: distances are root mean squares
    over its landmarks, head units; the head's turn counts with `turn_weight`."""
    at = model.landmark_vertices[np.isin(model.landmark_index, landmarks)]
    basis = np.asarray(model.expression_basis[at], np.float64)
    flat = basis.reshape(-1, basis.shape[-1]) / np.sqrt(max(len(at), 1))
    # Rotated to the main directions of this clip, of which the first few tell it all.
    _, _, axes = np.linalg.svd(away[:, :-3] @ flat.T, full_matrices=False)
    count = min(SHAPE_SIZE, len(axes))
    found = np.zeros((count + 3, away.shape[1]))
    found[:count, :-3] = axes[:count] @ flat
    found[count:, -3:] = turn_weight * np.eye(3)
    return found


def _usual_distance(shape: Real, frame: Ints) -> float:
    """Median distance of a sample to the most similar one that is no neighbour in time."""
    apart = np.abs(frame[:, None] - frame) >= NEIGHBOURS
    if not apart.any():
        return 1.0
    square = ((shape[:, None] - shape) ** 2).sum(axis=2)
    nearest = np.sqrt(np.where(apart, square, np.inf).min(axis=1))
    return max(float(np.median(nearest[np.isfinite(nearest)])), 1e-6)
