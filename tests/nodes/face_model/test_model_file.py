import zipfile

import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.model_file import load_face_model, save_face_model
from talkgraph.nodes.face_model.synthetic import synthetic_arrays


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.npz"
    save_face_model(path, **synthetic_arrays(), name="made up", licence="none")
    return path


def test_round_trip(saved):
    arrays = synthetic_arrays()
    model = load_face_model(saved)
    assert (model.name, model.licence) == ("made up", "none")
    at = model.landmark_vertices
    assert model.mean_shape[at] == pytest.approx(arrays["mean_shape"], abs=2e-4)
    assert model.expression_basis[at] == pytest.approx(arrays["expression_basis"], abs=1e-3)
    assert model.triangles.max() == model.vertex_count - 1
    assert saved.stat().st_size < 1_000_000


def test_albedo_may_be_stored_finer(tmp_path):
    arrays = synthetic_arrays()
    fine = load_face_model_of(tmp_path, arrays)
    arrays["mean_albedo"] = fine.mean_albedo[:6990]
    again = load_face_model_of(tmp_path, arrays)
    assert again.mean_albedo == pytest.approx(fine.mean_albedo, abs=1e-3)
    assert load_face_model_of(tmp_path, arrays, levels=1).mean_albedo[:1790] == pytest.approx(
        fine.mean_albedo[:1790], abs=1e-3
    )


def load_face_model_of(folder, arrays, levels=2):
    path = folder / "model.npz"
    save_face_model(path, **arrays, name="x", licence="y")
    return load_face_model(path, levels)


def test_fewer_components_are_filled_up(tmp_path):
    arrays = synthetic_arrays()
    arrays["identity_basis"] = arrays["identity_basis"][:, :, :10]
    model = load_face_model_of(tmp_path, arrays, levels=0)
    assert model.identity_basis.shape[2] == 80 and not model.identity_basis[:, :, 10:].any()


@pytest.mark.parametrize("damage", ["missing", "cut", "text", "lacks", "nan", "pickle"])
def test_damaged_files_are_refused_in_one_line(saved, damage):
    if damage == "missing":
        saved.unlink()
    elif damage == "cut":
        saved.write_bytes(saved.read_bytes()[:5000])
    elif damage == "text":
        saved.write_text("not a model")
    else:
        with np.load(saved) as stored:
            arrays = dict(stored)
        if damage == "lacks":
            del arrays["albedo_basis"]
        elif damage == "nan":
            arrays["mean_shape"][0] = np.nan
        else:
            arrays["mean_shape"] = np.array([{"a": 1}], dtype=object)
        np.savez(saved, **arrays)
    with pytest.raises(ModelError, match=r"face model .*model\.npz cannot be used") as raised:
        load_face_model(saved)
    assert "\n" not in str(raised.value)


def test_a_wrong_shape_is_not_written(tmp_path):
    arrays = synthetic_arrays()
    arrays["mean_shape"] = arrays["mean_shape"][:-1]
    with pytest.raises(ValueError, match="mean_shape"):
        save_face_model(tmp_path / "m.npz", **arrays, name="x", licence="y")


def test_the_file_is_the_same_each_time(tmp_path, saved):
    other = tmp_path / "again.npz"
    save_face_model(other, **synthetic_arrays(), name="made up", licence="none")
    assert other.read_bytes() == saved.read_bytes()
    assert zipfile.ZipFile(saved).testzip() is None
