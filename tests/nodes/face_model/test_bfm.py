import numpy as np
import pytest
from scipy.io import savemat

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.bfm import load_bfm
from talkgraph.nodes.face_model.face_mesh import face_mesh_triangles
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, SKIN
from talkgraph.nodes.face_model.lower_face import lower_face
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.face_model.synthetic import synthetic_arrays
from talkgraph.nodes.geometry.mesh import vertex_normals

ARRAYS = synthetic_arrays()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "BFM_model_front.mat"


def test_conventions_are_converted(path, bfm_arrays):
    savemat(path, bfm_arrays)
    model = load_bfm(path)
    mean = ARRAYS["mean_shape"]
    assert model.mean_shape[:468] == pytest.approx(mean - mean.mean(axis=0), abs=1e-5)
    assert model.identity_basis[:468] == pytest.approx(ARRAYS["identity_basis"], abs=1e-6)
    assert model.mean_albedo[:468] == pytest.approx(ARRAYS["mean_albedo"], abs=1e-6)
    assert model.albedo_basis[:468] == pytest.approx(ARRAYS["albedo_basis"], abs=1e-6)
    assert (model.triangles[:852] == face_mesh_triangles()).all()
    assert model.landmark_vertices.tolist() == model.landmark_index.tolist()
    assert set(model.region.tolist()) == {SKIN, INNER_MOUTH}


def test_triangles_are_turned_to_face_outwards(path, bfm_arrays):
    arrays = bfm_arrays
    arrays["tri"] = arrays["tri"][:, ::-1]
    savemat(path, arrays)
    model = load_bfm(path)
    assert vertex_normals(model.mean_shape, model.triangles)[:468, 2].mean() > 0.5


def test_mouth_patch_follows_the_jaw_and_hides_behind_the_face(path, bfm_arrays):
    savemat(path, bfm_arrays)
    model = load_bfm(path)
    patch = model.region == INNER_MOUTH
    opened = model.shape(np.zeros(80), [1.0])[patch] - model.mean_shape[patch]
    rows = opened.reshape(-1, 33, 3)
    assert np.abs(rows[0]).max() == 0 and rows[-1, :, 1].mean() < -0.03


def test_mouth_and_lower_face_are_measured(path, bfm_arrays):
    savemat(path, bfm_arrays)
    model = load_bfm(path)
    readout = mouth_readout(model)
    jaw = readout.of(np.eye(1, 64, dtype=np.float32)[0])[readout.names.index("jaw")]
    assert jaw > 0.03  # the first expression lowers the chin
    change = np.ones(64, np.float32)
    part = lower_face(model, readout, 0.3) @ change
    np.testing.assert_allclose(readout.of(part), readout.of(change), atol=1e-5)


@pytest.mark.parametrize("damage", ["missing", "text", "lacks", "shape", "index", "struct", "hdf5"])
def test_other_files_are_refused_in_one_line(path, damage, bfm_arrays):
    arrays = bfm_arrays
    if damage == "text":
        path.write_text("no model " * 100)
    elif damage == "hdf5":  # MATLAB 7.3
        path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    elif damage != "missing":
        if damage == "lacks":
            del arrays["texBase"]
        elif damage == "shape":
            arrays["exBase"] = arrays["exBase"][:, :63]
        elif damage == "index":
            arrays["tri"][0, 0] = 469
        elif damage == "struct":
            arrays["meantex"] = {"a": 1}
        savemat(path, arrays)
    with pytest.raises(ModelError, match="cannot be used") as raised:
        load_bfm(path)
    assert "\n" not in str(raised.value)
