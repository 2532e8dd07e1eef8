import functools

import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.albedo.detailed_albedo import DetailedAlbedo
from talkgraph.nodes.albedo.low_frequency_albedo import LowFrequencyAlbedo
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, LIP, SKIN
from talkgraph.nodes.geometry.lighting import irradiance
from talkgraph.nodes.geometry.mesh import vertex_normals
from talkgraph.nodes.values import Albedo

NODES = [DetailedAlbedo(), DetailedAlbedo(frames=4), LowFrequencyAlbedo()]


@pytest.fixture(scope="module")
def found(scene):
    """found(node): the albedo of the scene, computed once for all tests."""
    return functools.cache(lambda node: node.run(scene.clip, scene.fit, scene.model))


def drawn(model, albedo):
    """Frontal colours: what albedo and light give together, free of their common factor."""
    normals = vertex_normals(model.mean_shape, model.triangles)
    return albedo.colour * irradiance(normals, albedo.light)


@pytest.mark.parametrize("node", NODES, ids=["detailed", "detailed 4", "low frequency"])
def test_known_albedo_and_light_are_recovered_up_to_scale(scene, node, found):
    found = found(node)
    outer = scene.model.region <= LIP
    front = outer & (vertex_normals(scene.model.mean_shape, scene.model.triangles)[:, 2] > 0.5)
    error = np.abs(drawn(scene.model, found) - drawn(scene.model, scene.truth))[front]
    assert error.mean() < 0.015
    # Albedo itself: equal but for one factor per channel, which the light takes up.
    ratio = found.colour[front] / scene.truth.colour[front]
    scale = np.median(ratio, axis=0)
    assert np.abs(ratio / scale - 1).mean() < 0.04
    assert np.abs(found.light[0] * scale / scene.truth.light[0] - 1).max() < 0.08
    assert np.abs(found.light[1:4] * scale - scene.truth.light[1:4]).max() < 0.05


@pytest.mark.parametrize("node", NODES[::2], ids=["detailed", "low frequency"])
def test_values_are_finite_and_in_range(scene, node, found):
    found = found(node)
    assert found.colour.shape == scene.model.mean_albedo.shape
    assert found.colour.dtype == np.float32 and found.light.shape == (9, 3)
    assert np.isfinite(found.colour).all() and 0 <= found.colour.min() <= found.colour.max() <= 2
    again = node.run(scene.clip, scene.fit, scene.model)
    assert (again.colour == found.colour).all() and (again.light == found.light).all()


def test_detail_is_kept_by_one_and_smoothed_by_the_other(film, model, light):
    colour = model.mean_albedo.copy()
    mole = np.linalg.norm(model.mean_shape[:, :2] - [-0.35, -0.2], axis=1) < 0.06
    mole &= model.region == SKIN
    colour[mole] *= 0.4
    scene = film(model, Albedo(colour=colour, light=light), [0.0], [0, 0, 0])
    detailed = DetailedAlbedo().run(scene.clip, scene.fit, model).colour
    smooth = LowFrequencyAlbedo().run(scene.clip, scene.fit, model).colour
    around = np.median(detailed[model.region == SKIN], axis=0)
    assert (detailed[mole] / around).mean() < 0.6
    assert (smooth[mole] / around).mean() > 0.75


def test_the_mouth_comes_from_the_frame_that_shows_it(film, model, light):
    colour = model.mean_albedo.copy()
    mouth = model.region == INNER_MOUTH
    colour[mouth] = 0.8, 0.7, 0.1  # a colour that nothing else has
    truth = Albedo(colour=colour, light=light)
    closed = film(model, truth, [0.0] * 4, np.zeros((4, 3)))
    opened = film(model, truth, [0.0, 0, 1.5, 2.0], np.zeros((4, 3)))
    never, seen = (
        DetailedAlbedo().run(each.clip, each.fit, model).colour[mouth] for each in (closed, opened)
    )
    default = model.mean_albedo[mouth]
    assert np.abs(never - default).mean() < 0.12
    middle = np.abs(model.mean_shape[mouth][:, 0]) < 0.1
    rows = (seen[:, 1] > seen[:, 2] + 0.35) & middle
    assert rows.sum() > 60 and not ((never[:, 1] > never[:, 2] + 0.35) & middle).sum() > 30


def test_one_frame_and_darkness_are_enough(scene):
    fit = attrs.evolve(
        scene.fit,
        motion=attrs.evolve(
            scene.fit.motion,
            expression=scene.fit.motion.expression[:1],
            rotation=scene.fit.motion.rotation[:1],
            translation=scene.fit.motion.translation[:1],
        ),
        error=scene.fit.error[:1],
        measured=scene.fit.measured[:1],
    )
    black = attrs.evolve(scene.clip, frames=Frames.from_array(0 * scene.clip.frames[0:1]))
    for node in NODES:
        found = node.run(black, fit, scene.model)
        assert np.isfinite(found.colour).all() and np.isfinite(found.light).all()


def test_a_face_mostly_out_of_the_picture_is_noted(scene, capsys):
    motion = attrs.evolve(scene.fit.motion, translation=np.tile(np.float32([1.4, 0, 0]), (12, 1)))
    DetailedAlbedo().run(scene.clip, attrs.evolve(scene.fit, motion=motion), scene.model)
    assert "less than half of the face is visible" in capsys.readouterr().err


def test_a_face_wholly_out_of_the_picture_is_refused(scene):
    motion = attrs.evolve(scene.fit.motion, translation=np.tile(np.float32([9, 0, 0]), (12, 1)))
    with pytest.raises(InputError, match="the chosen frames show no skin"):
        DetailedAlbedo().run(scene.clip, attrs.evolve(scene.fit, motion=motion), scene.model)
