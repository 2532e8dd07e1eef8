import numpy as np
import pytest

from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.lighting import ambient_light
from talkgraph.nodes.values import Albedo, FaceFit, Motion


@pytest.fixture(scope="session")
def model():
    return synthetic_face_model()


@pytest.fixture(scope="session")
def motion():
    random = np.random.default_rng(0)
    expression = 0.5 * random.normal(size=(6, 64))
    expression[:, 0] = np.linspace(0, 1.5, 6)
    rotation = 0.25 * random.normal(size=(6, 3))
    translation = 0.05 * random.normal(size=(6, 3))
    return Motion(
        expression=expression.astype(np.float32),
        rotation=rotation.astype(np.float32),
        translation=translation.astype(np.float32),
        fps=25.0,
    )


@pytest.fixture(scope="session")
def fit(motion):
    return FaceFit(
        identity=np.zeros(80, np.float32),
        motion=motion,
        error=np.zeros(6, np.float32),
        measured=np.ones(6, bool),
        size=128,
    )


@pytest.fixture(scope="session")
def albedo(model):
    light = ambient_light(0.85)
    light[2] += 0.1
    light[3] -= 0.12
    return Albedo(colour=model.mean_albedo, light=light)
