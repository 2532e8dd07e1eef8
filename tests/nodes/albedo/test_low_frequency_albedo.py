"""The step against a closed form on made observations; what the node adds to it on a rendered one.

How near it comes to a known albedo stands in `test_detailed_albedo`, for both nodes.
"""

import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError, InputError
from talkgraph.nodes.albedo import LowFrequencyAlbedo
from talkgraph.nodes.albedo.low_frequency_albedo import OUTLIER, fit_albedo
from talkgraph.nodes.albedo.observe import Observation
from talkgraph.nodes.face_model.face_model import LIP
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.lighting import ambient_light, irradiance
from talkgraph.nodes.geometry.mesh import vertex_areas, vertex_normals

SMALL = synthetic_face_model(levels=0)
OUTER = SMALL.region <= LIP
DELTA = np.float32(0.3) * np.random.default_rng(2).normal(size=80).astype(np.float32)
START = np.zeros(80, np.float32)


def a_light():
    light = ambient_light(0.8)
    light[1:4] += np.array([[0.05], [-0.1], [0.08]], np.float32)
    return light


def seen(delta, light, weight=None) -> Observation:
    """A frame in which every vertex has exactly the colour that the model says."""
    normal = vertex_normals(SMALL.mean_shape, SMALL.triangles).astype(np.float32)
    count = len(normal)
    return Observation(
        colour=(SMALL.albedo(delta) * irradiance(normal, light)).astype(np.float32),
        weight=np.ones(count, np.float32) if weight is None else weight,
        normal=normal,
        share=np.ones((count, 3), np.float32),
    )


def test_without_a_prior_the_coefficients_come_back():
    light = a_light()
    found = fit_albedo([seen(DELTA, light)], START, light, SMALL, 1e-9)
    assert found.shape == (80,) and found.dtype == np.float32
    np.testing.assert_allclose(found, DELTA, atol=2e-3)


def test_a_step_is_the_dense_ridge_solution_with_weights_from_its_start():
    light = a_light()
    weight = np.random.default_rng(4).uniform(0, 1, len(SMALL.mean_shape)).astype(np.float32)
    view, prior = seen(DELTA, light, weight), 0.02
    lit = irradiance(view.normal.astype(np.float64), light)
    off = (view.colour - SMALL.mean_albedo * lit)[OUTER]
    area = vertex_areas(SMALL.mean_shape, SMALL.triangles)
    trust = (weight * area)[OUTER]
    robust = (1 + (off**2).mean(1) / OUTLIER**2) ** -2.0
    rows = (SMALL.albedo_basis * lit[..., None])[OUTER].reshape(-1, 80)
    scale = np.repeat(trust * robust, 3) / (OUTLIER**2 * 3 * trust.sum())
    system = rows.T @ (scale[:, None] * rows) + prior * np.eye(80)
    expected = np.linalg.solve(system, rows.T @ (scale * off.ravel()))
    np.testing.assert_allclose(fit_albedo([view], START, light, SMALL, prior), expected, atol=1e-4)


def test_a_strong_prior_gives_the_mean_and_a_frame_seen_twice_tells_no_more():
    light = a_light()
    view = seen(DELTA, light)
    assert fit_albedo([view], START, light, SMALL, 1e9) == pytest.approx(0, abs=1e-6)
    once, twice = (fit_albedo([view] * n, START, light, SMALL, 0.01) for n in (1, 2))
    np.testing.assert_allclose(twice, once, atol=1e-4)


@pytest.mark.parametrize("weight", [0, 1])
def test_a_glaring_spot_hardly_counts_and_what_is_unseen_does_not(weight):
    light = a_light()
    view = seen(DELTA, light)
    clean = fit_albedo([view], DELTA, light, SMALL, 1e-3)
    spots = np.flatnonzero(OUTER)[::40]
    view.colour[spots] = 1, 1, 0  # without robust weights, this moves the albedo by 0.04
    view.weight[spots] = weight
    found = fit_albedo([view], DELTA, light, SMALL, 1e-3)
    assert np.abs(SMALL.albedo(found) - SMALL.albedo(clean))[OUTER].max() < 2e-3


def test_the_face_is_of_the_basis_and_the_mean_under_a_strong_prior(scene):
    model = scene.model
    outer = model.region <= LIP
    found = LowFrequencyAlbedo(frames=2, rounds=1).run(scene.clip, scene.fit, model).colour[outer]
    basis = model.albedo_basis[outer].reshape(-1, 80)
    off = (found - model.mean_albedo[outer]).ravel()
    left = off - basis @ np.linalg.lstsq(basis, off, rcond=None)[0]
    assert np.abs(off).max() > 0.02 and np.abs(left).max() < 1e-4
    plain = LowFrequencyAlbedo(frames=2, rounds=1, prior=1e9).run(scene.clip, scene.fit, model)
    np.testing.assert_allclose(plain.colour[outer], model.mean_albedo[outer], atol=1e-5)


def test_a_clip_of_another_size_is_refused(scene):
    small = attrs.evolve(scene.clip, frames=Frames.from_array(np.zeros((12, 64, 64, 3), np.uint8)))
    with pytest.raises(GraphError, match=r"low_frequency_albedo: port clip has frames of 64 x 64"):
        LowFrequencyAlbedo().run(small, scene.fit, scene.model)


def test_a_face_out_of_the_picture_is_refused(scene):
    motion = attrs.evolve(scene.fit.motion, translation=np.tile(np.float32([9, 0, 0]), (12, 1)))
    with pytest.raises(InputError, match="the chosen frames show no skin"):
        LowFrequencyAlbedo().run(scene.clip, attrs.evolve(scene.fit, motion=motion), scene.model)
