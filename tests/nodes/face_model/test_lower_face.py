import attrs
import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.face_model.face_mesh import INNER_LIPS, OUTER_LIPS
from talkgraph.nodes.face_model.lids import lids_of
from talkgraph.nodes.face_model.lower_face import lower_face
from talkgraph.nodes.face_model.readout import landmark_rows, mouth_readout
from talkgraph.nodes.face_model.synthetic import synthetic_face_model

BROWS = (105, 107, 66, 334, 336, 296)


@pytest.fixture(scope="module", params=["ours", "made up"])
def model(request):
    return LoadFaceModel().run() if request.param == "ours" else synthetic_face_model(levels=0)


@pytest.fixture
def changes():
    return np.random.default_rng(0).standard_normal((40, 64)).astype(np.float32)


@pytest.mark.parametrize("stillness", [0.0, 0.3, 10.0])
def test_the_mouth_is_measured_as_in_the_whole_change(model, changes, stillness):
    readout = mouth_readout(model)
    part = changes @ lower_face(model, readout, stillness).T
    np.testing.assert_allclose(readout.of(part), readout.of(changes), atol=1e-5)


def moved(model, changes, landmarks):
    """How far landmarks go, mean over changes and landmarks."""
    rows = [landmark_rows(model)[one] for one in landmarks]
    basis = model.landmark_bases()[2][rows]
    return float(np.linalg.norm(np.einsum("lxk,tk->tlx", basis, changes), axis=-1).mean())


def test_lips_follow_and_brows_stay():
    model = LoadFaceModel().run()
    changes = np.random.default_rng(1).standard_normal((40, 64)).astype(np.float32)
    readout = mouth_readout(model)
    part = changes @ lower_face(model, readout, 0.3).T
    lips = OUTER_LIPS + INNER_LIPS
    assert moved(model, part - changes, lips) < 0.15 * moved(model, changes, lips)
    assert moved(model, part, BROWS) < 0.35 * moved(model, changes, BROWS)
    lids = lids_of(model, np.zeros(80, np.float32))
    assert np.abs(part @ lids.rows.T).mean() < 0.4 * np.abs(changes @ lids.rows.T).mean()


def test_a_model_that_does_not_say_where_the_nose_is_is_refused():
    model = synthetic_face_model(levels=0)
    kept = model.landmark_index != 2
    bare = attrs.evolve(
        model,
        landmark_index=model.landmark_index[kept],
        landmark_vertices=model.landmark_vertices[kept],
    )
    with pytest.raises(ModelError, match="no landmarks at nose and eyelids"):
        lower_face(bare, mouth_readout(bare), 0.3)
