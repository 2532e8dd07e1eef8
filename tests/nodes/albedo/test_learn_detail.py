import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.albedo.learn_appearance import LearnAppearance
from talkgraph.nodes.albedo.learn_detail import LearnDetail
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.render.render import Render
from talkgraph.nodes.values import Albedo

STRIPES = 6.0  # px a period: finer than vertices are apart


@pytest.fixture(scope="module")
def striped(film, model, light):
    """Two frames of a face with fine stripes, the second turned; and the plain albedo."""
    scene = film(
        model, Albedo(colour=model.mean_albedo, light=light), [0, 0], [[0] * 3, [0, 0.15, 0]]
    )
    fit, truth = scene.fit, scene.truth
    xy, _ = project(placed(scene, 0), fit.size)
    wave = np.sin(2 * np.pi * np.arange(fit.size) / STRIPES)
    stripes = np.broadcast_to(wave[None, :, None], (fit.size, fit.size, 3))
    place = np.column_stack([xy, np.ones(len(xy))]).astype(np.float32)
    truly = attrs.evolve(
        LearnDetail().run(scene.clip, fit, truth, model),
        picture=(0.1 * stripes).astype(np.float16), at=place[:, :2], weight=place[:, 2],
    )  # fmt: skip
    drawn = Render().run(fit.motion, fit, truth, model, detail=truly)
    frames = np.stack([np.where(f[..., 3:] > 0, f[..., :3], 0) for f in drawn])
    clip = attrs.evolve(scene.clip, frames=Frames.from_array(frames.astype(np.uint8)))
    return attrs.evolve(scene, clip=clip)


def placed(scene, frame):
    motion = scene.fit.motion
    shape = scene.model.shape(scene.fit.identity, motion.expression[frame])
    return point_in_camera(shape, motion.rotation[frame], motion.translation[frame])


def test_a_turned_face_is_as_fine_as_the_frame_that_was_looked_at(striped):
    fit, model = striped.fit, striped.model
    first = attrs.evolve(fit, measured=np.array([True, False]))
    found = LearnDetail(frames=1, coarsest=0.1).run(striped.clip, first, striped.truth, model)
    error = {}
    for name, detail in (("with", found), ("without", None)):
        drawn = Render().run(fit.motion, fit, striped.truth, model, detail=detail)
        for k in (0, 1):
            inside = drawn[k][..., 3] == 255
            beside = drawn[k][..., :3].astype(float) - striped.clip.frames[k]
            error[name, k] = np.abs(beside[inside]).mean()
    assert error["without", 0] > 10
    assert error["with", 0] < 0.15 * error["without", 0]
    assert error["with", 1] < 0.35 * error["without", 1]


def test_nothing_is_added_where_the_vertices_tell_all(film, model, light):
    scene = film(model, Albedo(colour=model.mean_albedo, light=light), [0.5], [[0, 0.1, 0]])
    found = LearnDetail().run(scene.clip, scene.fit, scene.truth, model)
    assert np.abs(found.picture).mean() < 0.002


def test_hidden_vertices_have_no_detail(film, model, light):
    scene = film(model, Albedo(colour=model.mean_albedo, light=light), [0], [[0, 0.9, 0]])
    found = LearnDetail().run(scene.clip, scene.fit, scene.truth, model)
    away = model.mean_shape[:, 0] * np.sign(model.mean_shape[found.weight > 0.5, 0].mean())
    assert found.weight[away < -0.35].max(initial=0) < found.weight[away > 0.2].max()
    assert found.weight.min() == 0 and found.weight.max() <= 1


def test_what_moves_by_itself_is_left_to_the_appearance(film, model, light):
    scene = film(model, Albedo(colour=model.mean_albedo, light=light), [0.5, 1], [[0] * 3] * 2)
    given = scene.clip, scene.fit, scene.truth, model
    alone, beside = (
        LearnDetail().run(*given, *more) for more in ((), (LearnAppearance().run(*given),))
    )
    for found, eyes in ((alone, True), (beside, False)):
        assert not found.weight[model.region == INNER_MOUTH].any()
        assert found.weight[model.region == EYE].any() == eyes


def test_the_sharpest_of_the_plain_frames_is_taken(striped):
    from scipy.ndimage import gaussian_filter

    still = attrs.evolve(
        striped.fit,
        motion=attrs.evolve(striped.fit.motion, rotation=np.zeros((2, 3), np.float32)),
    )
    sharp = striped.clip.frames[0]
    soft = gaussian_filter(sharp.astype(float), (2, 2, 0)).astype(np.uint8)
    strength = []
    for frames in ([soft, sharp], [sharp, soft], [soft, soft]):
        clip = attrs.evolve(striped.clip, frames=Frames.from_array(np.stack(frames)))
        found = LearnDetail().run(clip, still, striped.truth, striped.model)
        strength.append(float(np.abs(found.picture).mean()))
    assert strength[0] == strength[1] > 2 * strength[2]


def test_a_clip_of_another_size_is_refused(striped):
    other = attrs.evolve(striped.fit, size=64)
    with pytest.raises(GraphError, match="port clip has frames"):
        LearnDetail().run(striped.clip, other, striped.truth, striped.model)
