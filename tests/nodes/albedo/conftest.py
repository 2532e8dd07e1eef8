"""A made-up person filmed by our own renderer, so that the true albedo and light are known."""

import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.lighting import ambient_light
from talkgraph.nodes.render.render import Render
from talkgraph.nodes.values import Albedo, Clip, Crop, FaceFit, Motion

SIZE = 224


@attrs.frozen(eq=False)
class Scene:
    clip: Clip
    fit: FaceFit
    model: FaceModel
    truth: Albedo


def film(model: FaceModel, truth: Albedo, motion: Motion, size: int = SIZE) -> Scene:
    count = len(motion.expression)
    fit = FaceFit(
        identity=np.zeros(80, np.float32),
        motion=motion,
        error=np.full(count, 0.5, np.float32),
        measured=np.ones(count, bool),
        size=size,
    )
    rendered = Render(backend="software", samples=2).run(motion, fit, truth, model).array()
    alpha = rendered[..., 3:] / 255
    frames = (rendered[..., :3] * alpha + np.array([30, 90, 160]) * (1 - alpha)).astype(np.uint8)
    crop = Crop(left=0.0, top=0.0, side=float(size))
    clip = Clip(frames=Frames.from_array(frames), fps=25.0, crop=crop, speech=None)
    return Scene(clip, fit, model, truth)


def motion_of(jaw, rotation) -> Motion:
    count = len(jaw)
    expression = np.zeros((count, 64), np.float32)
    expression[:, 0] = jaw
    return Motion(
        expression=expression,
        rotation=np.asarray(rotation, np.float32).reshape(count, 3),
        translation=np.zeros((count, 3), np.float32),
        fps=25.0,
    )


@pytest.fixture(scope="session", name="film")
def film_fixture():
    """film(model, truth, jaw, rotation) -> Scene."""
    return lambda model, truth, jaw, rotation: film(model, truth, motion_of(jaw, rotation))


@pytest.fixture(scope="session")
def model() -> FaceModel:
    return synthetic_face_model()


@pytest.fixture(scope="session")
def light():
    light = ambient_light(0.85)
    light[:, 2] *= 0.9
    light[1] -= 0.06
    light[2] += 0.05
    light[3] -= 0.08
    return light


@pytest.fixture(scope="session")
def coefficients():
    random = np.random.default_rng(3)
    return (0.2 * random.normal(size=80)).astype(np.float32)


@pytest.fixture(scope="session")
def scene(model, light, coefficients) -> Scene:
    turns = np.zeros((12, 3))
    turns[:, 1] = np.linspace(-0.3, 0.3, 12)
    turns[:, 0] = 0.05 * np.sin(np.arange(12))
    jaw = np.array([0, 0, 0.2, 0.5, 1, 0, 0, 1.5, 2, 1, 0, 0])
    truth = Albedo(colour=np.clip(model.albedo(coefficients), 0.02, 1.2), light=light)
    return film(model, truth, motion_of(jaw, turns))
