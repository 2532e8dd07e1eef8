import numpy as np
import pytest

from talkgraph.nodes.face_model.face_mesh import LEFT_EYE
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH, LIP
from talkgraph.nodes.face_model.occlusion import CLOSED_LIGHT, inner_light
from talkgraph.nodes.face_model.synthetic import synthetic_face_model

MODEL = synthetic_face_model()


def test_skin_has_all_its_light_and_an_open_mouth_too():
    share = inner_light(MODEL, MODEL.shape(np.zeros(80), [2.0]))
    assert (share[MODEL.region <= LIP] == 1).all()
    assert (share[MODEL.region == INNER_MOUTH] == 1).all()


def test_the_less_open_the_darker():
    shares = [
        inner_light(MODEL, MODEL.shape(np.zeros(80), [jaw]))[MODEL.region == INNER_MOUTH][0, 0]
        for jaw in (0.0, 0.5, 1.0)
    ]
    assert CLOSED_LIGHT[INNER_MOUTH] < shares[0] < shares[1] < shares[2]


def test_each_eye_for_itself():
    shape = MODEL.mean_shape.copy()
    shape[LEFT_EYE.upper] = shape[LEFT_EYE.lower]
    share = inner_light(MODEL, shape)
    eye, left = MODEL.region == EYE, MODEL.mean_shape[:, 0] < 0
    assert share[eye & left] == pytest.approx(CLOSED_LIGHT[EYE])
    assert (share[eye & ~left] == 1).all()


def test_what_is_deep_in_the_mouth_is_redder_and_eyes_are_not():
    share = inner_light(MODEL, MODEL.shape(np.zeros(80), [0.0]))
    mouth = share[MODEL.region == INNER_MOUTH][0]
    assert mouth[0] > mouth[1] > mouth[2]
    eyes = share[MODEL.region == EYE]
    np.testing.assert_array_equal(eyes[:, 0], eyes[:, 2])
