import numpy as np
import pytest

from talkgraph.cache.values import value_class
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH, LIP, SKIN, FaceModel
from talkgraph.nodes.face_model.synthetic import synthetic_face_model

MODEL = synthetic_face_model(levels=1)
RANDOM = np.random.default_rng(0)


def test_shape_is_the_papers_sum():
    identity, expression = RANDOM.normal(size=80), RANDOM.normal(size=(3, 64))
    shapes = MODEL.shape(identity, expression)
    assert shapes.shape == (3, MODEL.vertex_count, 3) and shapes.dtype == np.float32
    expected = (
        MODEL.mean_shape[700]
        + MODEL.identity_basis[700] @ identity
        + MODEL.expression_basis[700] @ expression[1]
    )
    assert shapes[1, 700] == pytest.approx(expected, abs=1e-5)
    assert MODEL.shape(identity, expression[1]) == pytest.approx(shapes[1], abs=1e-5)


def test_albedo_and_shorter_coefficients():
    coefficients = RANDOM.normal(size=5)
    padded = np.pad(coefficients, (0, 75))
    assert MODEL.albedo(coefficients) == pytest.approx(MODEL.albedo(padded), abs=1e-6)
    assert MODEL.neutral(np.zeros(80)) == pytest.approx(MODEL.mean_shape)


def test_landmarks_are_where_the_arrays_say():
    mean, identity, expression = MODEL.landmark_bases()
    assert mean.shape == (468, 3) and identity.shape[2] == 80 and expression.shape[2] == 64
    assert mean == pytest.approx(MODEL.mean_shape[MODEL.landmark_vertices])


def test_every_region_occurs_and_the_value_is_registered():
    assert set(MODEL.region.tolist()) == {SKIN, LIP, INNER_MOUTH, EYE}
    assert value_class("face_model") is FaceModel


def test_too_many_coefficients_are_refused():
    with pytest.raises(ValueError, match="do not fit a basis of 80"):
        MODEL.neutral(np.zeros(81))


def test_expressions_move_vertices_alike_alone_and_among_others():
    model = synthetic_face_model()
    expressions = np.random.default_rng(3).normal(size=(21, 64)).astype(np.float32)
    together = model.moved(expressions)
    assert together.shape == (21, model.vertex_count, 3)
    expected = np.einsum("vck,tk->tvc", model.expression_basis, expressions)
    np.testing.assert_allclose(together, expected, atol=1e-4)
    for t in (0, 7, 8, 20):
        np.testing.assert_array_equal(model.moved(expressions[t]), together[t])
    np.testing.assert_array_equal(model.moved(expressions[5:17]), together[5:17])
