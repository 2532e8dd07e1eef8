import numpy as np
import pytest

from talkgraph.nodes.albedo.complete import complete, mirror_vertices, weighted_median
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, LIP


def test_what_is_seen_stays_and_what_is_hidden_follows_its_surroundings(model):
    truth = model.mean_albedo * np.array([0.8, 0.7, 0.9])
    seen = (model.region <= LIP) & (np.abs(model.mean_shape[:, 0]) < 0.4)
    filled = complete(truth, seen.astype(float), model)
    assert filled[seen] == pytest.approx(truth[seen], abs=0.01)
    hidden = (model.region <= LIP) & ~seen
    assert filled[hidden] == pytest.approx(truth[hidden], abs=0.01)


def test_the_other_side_of_the_face_is_used(model):
    truth = model.mean_albedo.copy()
    spots = np.abs(np.abs(model.mean_shape[:, 0]) - 0.45) < 0.08
    truth[spots] *= 0.6
    left = (model.mean_shape[:, 0] < 0.1) & (model.region <= LIP)
    filled = complete(truth, left.astype(float), model)
    hidden = (model.mean_shape[:, 0] > 0.42) & (model.mean_shape[:, 0] < 0.48)
    hidden &= model.region <= LIP
    assert filled[hidden].mean() < 0.75 * model.mean_albedo[hidden].mean()


def test_a_shadow_on_one_side_is_not_mirrored(model):
    truth = model.mean_albedo.copy()
    truth[np.abs(np.abs(model.mean_shape[:, 0]) - 0.45) < 0.08] *= 0.1
    left = (model.mean_shape[:, 0] < 0.1) & (model.region <= LIP)
    filled = complete(truth, left.astype(float), model)
    hidden = (model.mean_shape[:, 0] > 0.42) & (model.mean_shape[:, 0] < 0.48)
    hidden &= model.region <= LIP
    assert filled[hidden].mean() > 0.95 * model.mean_albedo[hidden].mean()


def test_nothing_seen_gives_the_models_own(model):
    zero = np.zeros((model.vertex_count, 3))
    filled = complete(zero, np.zeros(model.vertex_count), model)
    outer = model.region <= LIP
    assert filled[outer] == pytest.approx(model.mean_albedo[outer], abs=1e-3)
    mouth = model.region == INNER_MOUTH
    assert np.abs(filled - model.mean_albedo)[mouth].mean() < 0.1 and filled.min() > 0


def test_mirror_of_the_mirror(model):
    mirror = mirror_vertices(model)
    again = model.mean_shape[mirror[mirror]]
    assert np.median(np.linalg.norm(again - model.mean_shape, axis=1)) < 1e-3


def test_weighted_median():
    values = np.array([0.1, 0.5, 0.9], np.float32)[:, None, None] * np.ones((3, 4, 1), np.float32)
    weights = np.array([[1, 1, 1], [0, 0, 1], [1, 0.1, 0.1], [0, 0, 0]], np.float32).T
    median, most = weighted_median(values, weights)
    assert median[:, 0] == pytest.approx([0.5, 0.9, 0.1, 0])
    assert most == pytest.approx([1, 1, 1, 0])
