import attrs
import numpy as np
import pytest

from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, SKIN


def test_seen_vertices_have_the_colour_that_was_drawn(scene):
    view = Observer(scene.clip, scene.fit, scene.model).look(5)
    true = scene.truth.colour * view.irradiance(scene.truth.light)
    clear = (view.weight > 0.9) & (scene.model.region == SKIN)
    error = np.abs(view.colour - np.clip(true, 0, 1))[clear]
    assert clear.mean() > 0.3 and error.mean() < 0.01 and np.quantile(error, 0.95) < 0.04


def test_weights_are_in_range_and_hidden_vertices_have_none(scene):
    observer = Observer(scene.clip, scene.fit, scene.model)
    closed, opened = observer.look(0), observer.look(8)
    mouth = scene.model.region == INNER_MOUTH
    assert closed.weight.min() >= 0 and closed.weight.max() <= 1
    assert opened.weight[mouth].sum() > 3 * closed.weight[mouth].sum()
    assert not closed.colour[closed.weight == 0].any()
    assert not closed.weight[observer.rim].any() and len(observer.rim) > 100


def test_the_far_cheek_of_a_turned_head_is_not_seen(scene, model):
    motion = attrs.evolve(scene.fit.motion, rotation=np.tile(np.float32([0, 0.9, 0]), (12, 1)))
    fit = attrs.evolve(scene.fit, motion=motion)
    weight = Observer(scene.clip, fit, model).look(0).weight
    left, right = (np.sign(model.mean_shape[:, 0]) * side > 0 for side in (-1, 1))
    far = model.mean_shape[:, 0] > 0.6
    assert weight[far].mean() < 0.05 and weight[left].mean() > weight[right].mean()


def test_what_lies_outside_of_the_picture_is_not_seen(scene):
    motion = attrs.evolve(scene.fit.motion, translation=np.tile(np.float32([1.0, 0, 0]), (12, 1)))
    weight = (
        Observer(scene.clip, attrs.evolve(scene.fit, motion=motion), scene.model).look(0).weight
    )
    assert not weight[scene.model.mean_shape[:, 0] > 0.2].any() and weight.any()


def test_a_clip_of_another_size_is_refused(scene):
    with pytest.raises(ValueError, match="give the clip that was fitted"):
        Observer(scene.clip, attrs.evolve(scene.fit, size=256), scene.model)
