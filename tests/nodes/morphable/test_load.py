import pytest
from scipy.io import savemat
from test_bfm import mat_arrays

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.nodes.morphable.load import LoadFaceModel
from talkgraph.nodes.morphable.model_file import save_face_model
from talkgraph.nodes.morphable.synthetic import synthetic_arrays


def test_a_file_in_our_format(tmp_path):
    path = tmp_path / "mine.npz"
    save_face_model(path, **synthetic_arrays(), name="mine", licence="own")
    assert LoadFaceModel(file=File(path)).run().name == "mine"


def test_basel_from_the_users_file(tmp_path):
    path = tmp_path / "BFM_model_front.mat"
    savemat(path, mat_arrays())
    assert LoadFaceModel(name="bfm2009", file=File(path)).run().name == "bfm2009"


def test_basel_without_a_file_says_what_to_do():
    with pytest.raises(ModelError, match="set the parameter 'file'"):
        LoadFaceModel(name="bfm2009").run()
