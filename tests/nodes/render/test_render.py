import attrs
import numpy as np
import pytest

from talkgraph.errors import GraphError
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.camera import project
from talkgraph.nodes.geometry.lighting import ambient_light
from talkgraph.nodes.render.render import Render
from talkgraph.nodes.render.shading import Shader
from talkgraph.nodes.values import Albedo


def test_pictures_have_the_fits_size_and_straight_alpha(motion, fit, albedo, model):
    frames = Render().run(motion, fit, albedo, model)
    assert frames.count == 6 and frames.shape == (128, 128, 4)
    pictures = frames.array()
    alpha = pictures[..., 3]
    assert 0.1 < (alpha == 255).mean() < 0.9 and ((alpha > 0) & (alpha < 255)).any()
    assert not pictures[alpha == 0].any()
    # Straight, not premultiplied: the outline is as bright as the face beside it.
    edge = pictures[..., :3][(alpha > 60) & (alpha < 200)].mean()
    assert edge > 0.6 * pictures[..., :3][alpha == 255].mean()


def test_frames_are_the_same_alone_and_among_others(motion, fit, albedo, model):
    frames = Render().run(motion, fit, albedo, model)
    whole = frames[0:6]
    for k in (3, 0, 5):
        assert (frames[k] == whole[k]).all()
    assert (frames[2:5] == whole[2:5]).all()


def test_size_override_shows_the_same_picture(motion, fit, albedo, model):
    small = Render(size=64).run(motion, fit, albedo, model)[0].astype(float)
    large = Render().run(motion, fit, albedo, model)[0].astype(float)
    reduced = large.reshape(64, 2, 64, 2, 4).mean(axis=(1, 3))
    assert np.abs(small[..., 3] - reduced[..., 3]).mean() < 2


def test_a_vertex_has_the_colour_of_the_papers_equation(motion, fit, albedo, model):
    shader = Shader(model, fit.identity, albedo, 512)
    mesh = shader.mesh(motion.expression[1], motion.rotation[1], motion.translation[1])
    picture = Render(size=512, samples=1).run(motion, fit, albedo, model)[1]
    xy, _ = project(mesh.point_in_camera, 512)
    tip = int(np.argmin(mesh.depth))  # nearest to the camera, so surely visible
    column, row = np.floor(xy[tip]).astype(int)
    assert picture[row, column, :3] / 255 == pytest.approx(mesh.colour[tip], abs=0.03)


def test_light_stays_where_it_is_when_the_head_turns(fit, model, motion):
    light = ambient_light(0.5)
    light[3] = -0.25  # from the picture's right
    grey = Albedo(colour=np.full_like(model.mean_albedo, 0.6), light=light)
    shader = Shader(model, fit.identity, grey, 128)
    flat = np.zeros(64, np.float32)
    cheek = int(np.argmin(np.abs(model.mean_shape - [0.55, -0.2, 0.1]).sum(axis=1)))
    shift = np.zeros(3, np.float32)
    towards, away = (
        shader.mesh(flat, np.array([0, yaw, 0], np.float32), shift).colour[cheek, 0]
        for yaw in (0.5, -0.5)
    )
    assert towards > away + 0.03


def test_another_models_albedo_is_refused(motion, fit, albedo, model):
    wrong = attrs.evolve(albedo, colour=albedo.colour[:-1])
    with pytest.raises(GraphError, match="connect the face model of the albedo"):
        Render().run(motion, fit, wrong, model)


def test_black_light_gives_black_not_negative(motion, fit, albedo, model):
    dark = attrs.evolve(albedo, light=-albedo.light)
    picture = Render().run(motion, fit, dark, model)[0]
    assert not picture[..., :3].any() and picture[..., 3].any()


def test_half_of_a_short_motion_is_left_to_look_like():
    motion = synthetic_fit(frames=40).motion
    assert motion.fps == 25
    assert [Render(leave_out=s)._around(motion) for s in (0.0, 0.08, 60.0)] == [0, 2, 10]
