import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.albedo.learn_appearance import LearnAppearance
from talkgraph.nodes.face_model.appearance import colour_change, manner_of
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH, SKIN
from talkgraph.nodes.render.render import Render
from talkgraph.nodes.values import Albedo

JAW = np.linspace(0, 2, 21)
TURN = np.stack([np.zeros(21), np.linspace(-0.1, 0.1, 21), np.zeros(21)], axis=1)


@pytest.fixture(scope="module")
def blushing(film, model, light):
    """A clip whose face reddens as the jaw opens; what it shows, and the pale albedo."""
    pale = Albedo(colour=model.mean_albedo, light=light)
    frames = []
    for jaw, turn in zip(JAW, TURN, strict=True):
        red = model.mean_albedo * np.array([1, 1 - 0.15 * jaw, 1 - 0.15 * jaw], np.float32)
        one = film(model, Albedo(colour=red.astype(np.float32), light=light), [jaw], [turn])
        frames.append(one.clip.frames[0])
    scene = film(model, pale, JAW, TURN)
    clip = attrs.evolve(scene.clip, frames=Frames.from_array(np.stack(frames)))
    return attrs.evolve(scene, clip=clip)


@pytest.fixture(scope="module")
def learned(blushing):
    kept = np.arange(21) != 10  # the frame that is asked for was not seen
    fit = attrs.evolve(blushing.fit, measured=kept)
    node = LearnAppearance(directions=1, ridge=0.1, constant_ridge=0.1)
    return node.run(blushing.clip, fit, blushing.truth, blushing.model)


def test_a_face_that_changes_its_colour_is_drawn_so(blushing, learned):
    motion, real = blushing.fit.motion, blushing.clip.frames[10].astype(float)
    arguments = (motion, blushing.fit, blushing.truth, blushing.model)
    face = Render().run(*arguments)[10][..., 3] == 255
    plain = Render().run(*arguments)[10][..., :3]
    changed = Render(leave_out=0.02).run(*arguments, learned)[10][..., :3]
    before, after = (np.abs(p[face] - real[face]).mean() for p in (plain, changed))
    assert before > 5 and after < 0.25 * before


def test_nothing_is_learned_where_nothing_differs(film, model, light):
    scene = film(model, Albedo(colour=model.mean_albedo, light=light), JAW[::5], TURN[::5])
    found = LearnAppearance().run(scene.clip, scene.fit, scene.truth, model)
    for manner in manner_of(scene.fit.motion):
        skin = colour_change(found, manner)[model.region == SKIN]
        assert np.abs(skin).mean() < 0.01  # the blur of the look


def test_samples_lie_about_mouth_and_eyes(learned, model):
    for part, region in ((learned.mouth, INNER_MOUTH), (learned.eyes, EYE)):
        assert set(np.flatnonzero(model.region == region)) <= set(part.vertices.tolist())
        assert part.share.min() > 0 and part.share.max() == 1
        assert len(part.frame) == 20 and 10 not in part.frame


def test_no_line_is_drawn_between_gazes(learned, model):
    assert not learned.change[:, model.region == EYE].any()
    assert np.abs(learned.eyes.colour[:, (model.region == EYE)[learned.eyes.vertices]]).any()


def test_one_frame_is_enough(film, model, light):
    scene = film(model, Albedo(colour=model.mean_albedo, light=light), [0.5], [[0, 0, 0]])
    found = LearnAppearance().run(scene.clip, scene.fit, scene.truth, model)
    assert np.isfinite(found.change).all()
    assert np.isfinite(colour_change(found, manner_of(scene.fit.motion)[0])).all()


def test_an_appearance_of_another_model_is_refused(blushing, learned):
    wrong = attrs.evolve(learned, change=learned.change[:, :-1])
    with pytest.raises(GraphError, match="port appearance has"):
        Render().run(blushing.fit.motion, blushing.fit, blushing.truth, blushing.model, wrong)


def test_redrawing_sharpens_what_lies_between_the_vertices(film, model, light):
    spotted = model.mean_albedo.copy()
    fine = np.sin(60 * model.mean_shape[:, :1]) * np.sin(60 * model.mean_shape[:, 1:2])
    spotted[model.region == SKIN] *= (1 + 0.3 * fine)[model.region == SKIN]
    flat = Albedo(colour=model.mean_albedo, light=light)
    scene = film(model, Albedo(colour=spotted, light=light), JAW[::5], TURN[::5])
    real = scene.clip.frames[2].astype(float)
    errors = []
    for redrawn in (0, 2):
        node = LearnAppearance(redrawn=redrawn, constant_ridge=0.1)
        found = node.run(scene.clip, scene.fit, flat, model)
        picture = Render().run(scene.fit.motion, scene.fit, flat, model, found)[2]
        face = picture[..., 3] == 255
        errors.append(np.abs(picture[face][:, :3] - real[face]).mean())
    assert errors[1] < 0.8 * errors[0]


def test_what_passes_before_the_face_leaves_little_of_itself(film, model, light):
    truth = Albedo(colour=model.mean_albedo, light=light)
    scene = film(model, truth, JAW, TURN)
    frames = scene.clip.frames.array().copy()
    frames[::4, 120:180, 60:110] = [20, 200, 20]  # over a cheek
    clip = attrs.evolve(scene.clip, frames=Frames.from_array(frames))
    cheek = (slice(130, 170), slice(70, 100))
    real = scene.clip.frames[10][cheek].astype(float)
    errors = []
    for node in (LearnAppearance(redrawn=0), LearnAppearance(redrawn=0, outlier=100)):
        found = node.run(clip, scene.fit, truth, model)
        picture = Render().run(scene.fit.motion, scene.fit, truth, model, found)[10]
        errors.append(np.abs(picture[cheek][..., :3] - real).mean())
    assert errors[0] < 0.6 * errors[1]
