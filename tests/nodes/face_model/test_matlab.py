import numpy as np
import pytest
from scipy.io import savemat

from talkgraph.nodes.face_model.matlab import read_matlab

ARRAYS = {
    "doubles": np.linspace(-1, 1, 12).reshape(3, 4),
    "floats": np.float32([[0.5, np.nan]]),
    "counts": np.arange(6, dtype=np.uint16).reshape(2, 3),
    "one": np.array([[7]], np.uint8),
    "cube": np.arange(24, dtype=np.int32).reshape(2, 3, 4),
    "bytes": np.arange(-3, 3, dtype=np.int8)[None],
    "none": np.zeros((0, 3)),
}
OTHERS = {"text": "text", "struct": {"a": 1}, "cell": np.array([1, "x"], object)}


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_come_back_as_they_were(tmp_path, packed):
    savemat(tmp_path / "a.mat", {**OTHERS, **ARRAYS}, do_compression=packed)
    found = read_matlab(tmp_path / "a.mat", [*ARRAYS, "not there"])
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype and found[name].shape == array.shape


@pytest.mark.parametrize("name", [*OTHERS, "complex"])
def test_what_is_not_real_numbers_is_refused(tmp_path, name):
    savemat(tmp_path / "a.mat", {**OTHERS, "complex": np.array([[1j]])})
    with pytest.raises(ValueError, match="not of real numbers"):
        read_matlab(tmp_path / "a.mat", [name])


@pytest.mark.parametrize("packed", [False, True])
def test_every_cut_and_flip_is_an_error_or_an_array(tmp_path, packed):
    path = tmp_path / "a.mat"
    savemat(path, {"cube": ARRAYS["cube"], "one": ARRAYS["one"]}, do_compression=packed)
    whole = path.read_bytes()
    changed = [whole[:end] for end in range(len(whole))]
    for at in range(len(whole)):
        for bits in (1, 0xFF):
            changed.append(whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :])
    refused = 0
    for data in changed:
        path.write_bytes(data)
        try:
            assert all(array.dtype.kind in "fiu" for array in read_matlab(path, ARRAYS).values())
        except ValueError:
            refused += 1
    assert refused > len(whole) // 2
