import numpy as np
import pytest
from scipy.io import savemat

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.load_face_model import LoadFaceModel
from talkgraph.nodes.face_model.model_file import save_face_model
from talkgraph.nodes.face_model.synthetic import synthetic_arrays


def test_the_shipped_model():
    model = LoadFaceModel().run()
    assert model.vertex_count > 6990 and len(model.landmark_index) == 468
    assert np.isfinite(model.mean_shape).all() and np.isfinite(model.expression_basis).all()
    width = np.ptp(model.mean_shape[:, 0])
    assert 1.3 < width < 2.0 and model.licence
    assert 0 < model.mean_albedo.min() <= model.mean_albedo.max() < 1.5


def test_a_file_in_our_format(tmp_path):
    path = tmp_path / "mine.npz"
    save_face_model(path, **synthetic_arrays(), name="mine", licence="own")
    assert LoadFaceModel(file=File(path)).run().name == "mine"


def test_basel_from_the_users_file(tmp_path, bfm_arrays):
    path = tmp_path / "BFM_model_front.mat"
    savemat(path, bfm_arrays)
    assert LoadFaceModel(name="bfm2009", file=File(path)).run().name == "bfm2009"


def test_basel_without_a_file_says_what_to_do():
    with pytest.raises(ModelError, match="set the parameter 'file'"):
        LoadFaceModel(name="bfm2009").run()
