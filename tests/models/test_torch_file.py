"""Tensors of PyTorch's files, read by torch and by us; nothing that a file asks for is done."""

import io
import os
import pickle
import struct
import sys
import types
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from talkgraph.errors import ModelError
from talkgraph.models.torch_file import read_tensors

LAYOUTS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])


def saved(what, zipped=True):
    file = io.BytesIO()
    torch.save(what, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def somebodys_network(monkeypatch):
    """A module of a class that lies in a module of its own, `models.networks`."""
    theirs = types.ModuleType("models.networks")
    monkeypatch.setitem(sys.modules, "models", types.ModuleType("models"))
    monkeypatch.setitem(sys.modules, "models.networks", theirs)

    class IddNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, 2)
            self.fc = nn.Sequential(nn.Conv1d(4, 5, 3, bias=False), nn.BatchNorm1d(5), nn.ReLU())
            self.options = {"names": ["a", 1.5, None], "size": (1, 2)}

    IddNet.__module__, IddNet.__qualname__ = "models.networks", "IddNet"
    theirs.IddNet = IddNet
    return IddNet()


@LAYOUTS
def test_a_whole_module_gives_its_state_dict_without_its_class(monkeypatch, zipped):
    with monkeypatch.context() as patch:
        network = somebodys_network(patch)
        data = saved(network, zipped)
    assert "models.networks" not in sys.modules
    found = read_tensors(data)
    assert list(found) == list(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert np.array_equal(found[name], tensor.numpy()), name


@LAYOUTS
def test_a_state_dict_gives_its_tensors(zipped):
    whole = torch.arange(24.0).reshape(2, 3, 4)
    state = {
        "view": whole[:, 1:, ::2], "turned": whole.permute(2, 0, 1), "none": torch.zeros(0, 3),
        "number": torch.tensor(7), "half": torch.ones(2, dtype=torch.float16),
        "double": torch.ones(2, dtype=torch.float64), "truth": torch.tensor([True, False]),
    }  # fmt: skip
    found = read_tensors(saved(state, zipped))
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert found[name].dtype == tensor.numpy().dtype
        assert np.array_equal(found[name], tensor.numpy()), name
    ordered = nn.Linear(2, 3).state_dict()  # has attributes of its own
    assert list(read_tensors(saved(ordered, zipped))) == ["weight", "bias"]


class Asking:
    """Has a pickle call `what`."""

    def __init__(self, *what):
        self.what = what

    def __reduce__(self):
        return self.what


def in_zip(pickled):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return file.getvalue()


def made_of(*opcodes):
    return in_zip(b"\x80\x02" + b"".join(opcodes) + b".")


@LAYOUTS
@pytest.mark.parametrize("inside", [False, True])
def test_a_payload_is_refused_and_not_run(tmp_path, zipped, inside):
    touched = tmp_path / "touched"
    payload = Asking(os.system, (f"touch {touched}",))
    data = saved({"weight": torch.ones(2), "more": [payload]} if inside else payload, zipped)
    with pytest.raises(ModelError) as caught:
        read_tensors(data)
    assert str(caught.value) == "it asks for a call of posix.system: refused, only tensors are read"
    assert not touched.exists()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (saved(Asking(eval, ("1",))), "eval: refused"),
        (saved(Asking(__import__, ("os",))), "__import__: refused"),
        (saved(Asking(getattr, (1, "real"))), "getattr: refused"),
        (in_zip(pickle.dumps(os.system, 4)), "not what a saved module holds"),  # named, not called
        (made_of(b"cos\nsystem\n", b"X\x04\0\0\0true", b"\x85", b"\x81"), "made with arguments"),
        (made_of(b"(", b"X\x04\0\0\0true", b"ios\nsystem\n"), "opcode INST"),
        (made_of(b"(cos\nsystem\n", b"X\x04\0\0\0true", b"o"), "opcode OBJ"),
        (made_of(b"cos\nsystem\n", b"}", b"b"), "state of what is no module"),
        (made_of(b"X\x03\0\0\0a\nb", b"X\x01\0\0\0c", b"\x93"), "by what is no name"),
        (made_of(b"\x82\x01"), "opcode EXT1"),
        (made_of(b"X\x04\0\0\0true", b"\x85", b"Q"), "damaged one"),
        (made_of(b"]", b"]", b"]", b"R"), "call of list"),
        (made_of(b"}"), "it holds no tensors"),
        (made_of(b"N"), "not what a saved module holds"),
        (b"", "damaged one"),
        (b"PK\x03\x04", "damaged one"),
        (b"no pickle at all", "damaged one"),
        (pickle.dumps({"a": 1}, 2), "no PyTorch file"),
    ],
)
def test_other_ways_in_are_closed(data, words):
    with pytest.raises(ModelError) as caught:
        read_tensors(data)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [(0, (5,), (1,)), (0, (2, 3), (1, 1)), (3, (2,), (1,)), (0, (9,), (0,)),
                  (-1, (1,), (1,)), (0, (1,), (-1,)), (0, (2.0,), (1,))]
)  # fmt: skip
def test_a_tensor_beyond_its_numbers_is_refused(arguments):
    data = saved({"w": torch.ones(4)})
    offset, shape, strides = arguments
    storage = torch.ones(4).untyped_storage()
    assert storage.nbytes() == 16

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Storage(), offset, shape, strides, False, {})

    class Storage:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, what):
            return ("storage", torch.FloatStorage, "0", "cpu", 4) if type(what) is Storage else None

    pickled = io.BytesIO()
    Pickler(pickled, 2).dump({"w": Tensor()})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled.getvalue())
        archive.writestr("archive/data/0", struct.pack("<4f", 1, 1, 1, 1))
    assert read_tensors(data)["w"].shape == (4,)
    with pytest.raises(ModelError, match=r"beyond its numbers|no count"):
        read_tensors(file.getvalue())


WHOLE = {zipped: saved(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), zipped)
         for zipped in (True, False)}  # fmt: skip


@LAYOUTS
@given(st.data())
def test_damage_is_an_error_or_other_numbers(zipped, data):
    whole = bytearray(WHOLE[zipped])
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    try:
        found = read_tensors(bytes(whole[:cut]))
    except ModelError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert all(isinstance(array, np.ndarray) for array in found.values())
