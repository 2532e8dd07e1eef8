"""A made-up face model for tests and examples: the right topology and proportions, no real person.

The 468 points are laid out by Tutte's embedding inside an oval with eyes and mouth in place, and
raised to a head-like surface with nose and lips; the bases are smooth random fields, but the
first expression opens the jaw.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_mesh import (
    CHIN,
    FOREHEAD,
    LEFT_EYE,
    LIPS,
    MOUTH,
    POINTS,
    RIGHT_EYE,
    face_mesh_mirror,
    face_mesh_triangles,
    opening_rims,
)
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.model_file import refined_face_model
from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL, point_in_camera, project
from talkgraph.nodes.geometry.mesh import adjacency, boundary_loops
from talkgraph.nodes.values import FaceFit, FaceTrack, Motion

Array = NDArray[np.float64]


def synthetic_arrays(seed: int = 0) -> dict[str, Array]:
    """Arrays as `save_face_model` takes them, from a seeded generator."""
    random = np.random.default_rng(seed)
    mean = _head()
    mirror = face_mesh_mirror()
    smooth = _smoother()
    # White noise smoothed over the mesh, 3 % of a head per standard deviation, falling off.
    falloff = 0.03 / np.sqrt(1 + np.arange(80))
    identity = smooth @ random.standard_normal((POINTS, 3 * 80))
    identity = identity.reshape(POINTS, 3, 80)
    identity = (identity + identity[mirror] * np.array([-1, 1, 1])[None, :, None]) / 2
    identity *= falloff / identity.std(axis=(0, 1))
    expression = (smooth @ random.standard_normal((POINTS, 3 * 64))).reshape(POINTS, 3, 64)
    expression *= 0.3 * falloff[:64] / expression.std(axis=(0, 1))
    below = _below_mouth(mean)
    expression[:, :, 0] = below[:, None] * np.array([0, -0.08, -0.02])
    albedo = (smooth @ random.standard_normal((POINTS, 3 * 80))).reshape(POINTS, 3, 80)
    albedo *= falloff / albedo.std(axis=(0, 1))
    colour = np.tile([0.75, 0.56, 0.47], (POINTS, 1))
    colour[list(LIPS)] = 0.68, 0.38, 0.36
    return {
        "mean_shape": mean,
        "identity_basis": identity,
        "expression_basis": expression,
        "mean_albedo": colour,
        "albedo_basis": albedo,
    }


def synthetic_face_model(seed: int = 0, levels: int = 2) -> FaceModel:
    """The made-up model, refined; deterministic in `seed`."""
    return refined_face_model(
        **synthetic_arrays(seed), name="synthetic", licence="made up", levels=levels
    )


def synthetic_fit(frames: int = 25, size: int = 64) -> FaceFit:
    """The mean face at rest, looking into the camera.

    Args:
        frames: of the motion, at 25 Hz.
        size: side of the pictures, px.
    """
    motion = Motion(
        expression=np.zeros((frames, 64), np.float32),
        rotation=np.zeros((frames, 3), np.float32),
        translation=np.zeros((frames, 3), np.float32),
        fps=25.0,
    )
    return FaceFit(
        identity=np.zeros(80, np.float32),
        motion=motion,
        error=np.zeros(frames, np.float32),
        measured=np.ones(frames, np.bool_),
        size=size,
    )


def synthetic_track(model: FaceModel, fit: FaceFit) -> FaceTrack:
    """The landmarks that a perfect tracker would see of a fit, at its rate and size.

    Those that the model does not have (the irises) are 0.
    """
    motion, count = fit.motion, len(fit.motion.rotation)
    shape = model.shape(fit.identity, motion.expression)[:, model.landmark_vertices]
    camera = point_in_camera(shape.astype(np.float64), motion.rotation, motion.translation)
    depth = camera[..., 2].mean(1, keepdims=True) - camera[..., 2]
    depth *= (FOCAL * fit.size / (DISTANCE - motion.translation[:, 2]))[:, None]
    landmarks = np.zeros((count, 478, 3), np.float32)
    landmarks[:, model.landmark_index, :2] = project(camera, fit.size)[0]
    landmarks[:, model.landmark_index, 2] = depth
    return FaceTrack(
        landmarks=landmarks,
        confidence=np.ones(count, np.float32),
        measured=np.ones(count, np.bool_),
        size=fit.size,
        fps=motion.fps,
    )


def _head() -> Array:
    triangles = face_mesh_triangles()
    pinned: dict[int, tuple[float, float]] = {}

    def ellipse(
        chain: list[int],
        centre: tuple[float, float],
        radii: tuple[float, float],
        a: float,
        b: float,
    ) -> None:
        for vertex, angle in zip(chain, np.linspace(a, b, len(chain)), strict=True):
            pinned[vertex] = (
                centre[0] + radii[0] * np.cos(angle),
                centre[1] + radii[1] * np.sin(angle),
            )

    outline = boundary_loops(triangles)[0].tolist()
    turn = outline.index(FOREHEAD)
    outline = outline[turn:] + outline[:turn]
    half = outline.index(CHIN)
    ellipse(outline[: half + 1], (0, 0), (0.8, 1.05), np.pi / 2, 3 * np.pi / 2)
    ellipse([*outline[half:], FOREHEAD], (0, 0), (0.8, 1.05), -np.pi / 2, np.pi / 2)
    for opening, centre, radii in (
        (MOUTH, (0.0, -0.5), (0.2, 0.012)),
        (LEFT_EYE, (-0.32, 0.2), (0.15, 0.06)),
        (RIGHT_EYE, (0.32, 0.2), (0.15, 0.06)),
    ):
        upper, lower = opening_rims(triangles, opening)
        ellipse(upper, centre, radii, np.pi, 0)
        ellipse(lower, centre, radii, -np.pi, 0)
    xy = _harmonic(pinned)
    x, y = xy.T
    nose = 0.22 * np.exp(-((x / 0.13) ** 2) - ((y + 0.12) / 0.2) ** 2)
    lips = 0.06 * np.exp(-((x / 0.22) ** 2) - ((y + 0.5) / 0.12) ** 2)
    z = 0.35 - 0.75 * x**2 - 0.25 * y**2 + nose + lips
    return np.stack([x, y, z], axis=1)


def _below_mouth(mean: Array) -> Array:
    """How much each point moves with the jaw: harmonic between lower lip and chin (1), upper lip
    and cheekbones (0)."""
    triangles = face_mesh_triangles()
    outline = boundary_loops(triangles)[0]
    upper, lower = opening_rims(triangles, MOUTH)
    pinned = dict(
        zip(outline.tolist(), 1 / (1 + np.exp((mean[outline, 1] + 0.5) / 0.1)), strict=True)
    )
    pinned |= dict.fromkeys(upper, 0.0)
    pinned |= {v: 1 - (2 * k / (len(lower) - 1) - 1) ** 2 for k, v in enumerate(lower)}
    return _harmonic({vertex: (weight,) for vertex, weight in pinned.items()})[:, 0]


def _harmonic(pinned: Mapping[int, tuple[float, ...]]) -> Array:
    """Values `[shape=(468, C)]` that are each the mean of their neighbours', but where pinned."""
    fixed = np.array(sorted(pinned))
    free = np.setdiff1d(np.arange(POINTS), fixed)
    links = adjacency(face_mesh_triangles(), POINTS).toarray()
    laplacian = np.diag(links.sum(axis=1)) - links
    known = np.array([pinned[vertex] for vertex in fixed])
    values = np.zeros((POINTS, known.shape[1]))
    values[fixed] = known
    pull = -laplacian[np.ix_(free, fixed)] @ known
    values[free] = np.linalg.solve(laplacian[np.ix_(free, free)], pull)
    return values


def _smoother(rounds: int = 12) -> Array:
    links = adjacency(face_mesh_triangles(), POINTS).toarray() + np.eye(POINTS)
    step = links / links.sum(axis=1, keepdims=True)
    return np.asarray(np.linalg.matrix_power(step, rounds))
