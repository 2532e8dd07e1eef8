import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.albedo import DetailedAlbedo
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, SKIN, FaceModel
from talkgraph.nodes.values import Clip, Crop, FaceFit, Motion

NODE = DetailedAlbedo()
SIZE = 224


def test_seen_vertices_have_the_colour_that_was_drawn(scene):
    view = Observer(scene.clip, scene.fit, scene.model, NODE).look(5)
    true = scene.truth.colour * view.irradiance(scene.truth.light)
    clear = (view.weight > 0.9) & (scene.model.region == SKIN)
    error = np.abs(view.colour - np.clip(true, 0, 1))[clear]
    assert clear.mean() > 0.3 and error.mean() < 0.01 and np.quantile(error, 0.95) < 0.04


def test_weights_are_in_range_and_hidden_vertices_have_none(scene):
    observer = Observer(scene.clip, scene.fit, scene.model, NODE)
    closed, opened = observer.look(0), observer.look(8)
    mouth = scene.model.region == INNER_MOUTH
    assert closed.weight.min() >= 0 and closed.weight.max() <= 1
    assert opened.weight[mouth].sum() > 3 * closed.weight[mouth].sum()
    assert not closed.colour[closed.weight == 0].any()
    assert not closed.weight[observer.rim].any() and len(observer.rim) > 100


def test_the_far_cheek_of_a_turned_head_is_not_seen(scene, model):
    motion = attrs.evolve(scene.fit.motion, rotation=np.tile(np.float32([0, 0.9, 0]), (12, 1)))
    fit = attrs.evolve(scene.fit, motion=motion)
    weight = Observer(scene.clip, fit, model, NODE).look(0).weight
    left, right = (np.sign(model.mean_shape[:, 0]) * side > 0 for side in (-1, 1))
    far = model.mean_shape[:, 0] > 0.6
    assert weight[far].mean() < 0.05 and weight[left].mean() > weight[right].mean()


def test_what_lies_outside_of_the_picture_is_not_seen(scene):
    motion = attrs.evolve(scene.fit.motion, translation=np.tile(np.float32([1.0, 0, 0]), (12, 1)))
    weight = (
        Observer(scene.clip, attrs.evolve(scene.fit, motion=motion), scene.model, NODE)
        .look(0)
        .weight
    )
    assert not weight[scene.model.mean_shape[:, 0] > 0.2].any() and weight.any()


def test_a_clip_of_another_size_is_refused(scene):
    with pytest.raises(GraphError, match=r"node detailed_albedo: port clip .* connect the clip"):
        Observer(scene.clip, attrs.evolve(scene.fit, size=256), scene.model, NODE)


@pytest.mark.parametrize(("axis", "slope"), [(1, -2.0), (0, 2.0)])
def test_a_vertex_is_compared_with_the_pixel_that_it_lies_in(axis, slope):
    """A steep plane comes nearer by 0.02 units a pixel downwards, or to the right: compared with
    the next pixel instead, its vertices would lie behind it."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 21), np.linspace(-0.5, 0.5, 21))
    shape = np.stack([x, y, slope * (x, y)[axis]], axis=-1).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(20)[:, None] * 21 + np.arange(20)).ravel()
    a, b, c, d = corner, corner + 1, corner + 22, corner + 21
    nothing = np.zeros((len(shape), 3, 1), np.float32)
    plane = FaceModel(
        mean_shape=shape,
        identity_basis=nothing.repeat(80, 2),
        expression_basis=nothing.repeat(64, 2),
        mean_albedo=np.full((len(shape), 3), 0.5, np.float32),
        albedo_basis=nothing,
        triangles=np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32),
        landmark_vertices=np.arange(1),
        landmark_index=np.arange(1),
        region=np.full(len(shape), SKIN, np.uint8),
        name="plane",
        licence="",
    )
    frames = Frames.from_array(np.full((1, SIZE, SIZE, 3), 128, np.uint8))
    clip = Clip(frames=frames, fps=25.0, crop=Crop(left=0, top=0, side=SIZE), speech=None)
    still = Motion(
        expression=np.zeros((1, 64), np.float32),
        rotation=np.zeros((1, 3), np.float32),
        translation=np.zeros((1, 3), np.float32),
        fps=25.0,
    )
    fit = FaceFit(
        identity=np.zeros(80, np.float32), motion=still, error=np.zeros(1, np.float32),
        measured=np.ones(1, bool), size=SIZE,
    )  # fmt: skip
    weight = Observer(clip, fit, plane, DetailedAlbedo(behind=0.013)).look(0).weight
    inner = weight.reshape(21, 21)[1:-1, 1:-1]
    assert (inner > 0).mean() > 0.95
