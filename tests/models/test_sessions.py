import ctypes
import functools
import os
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from talkgraph.cache.files import File
from talkgraph.errors import InputError, ModelError
from talkgraph.models import sessions
from talkgraph.models.sessions import cuda_missing, current_device, open_session, use_device


@pytest.fixture
def doubling(tmp_path):
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])], "g", value[:1], value[1:]
    )
    file = tmp_path / "double.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file
    )
    return file


def test_runs_and_is_kept_open(doubling):
    session = open_session(doubling, threads=1)
    x = np.arange(3, dtype=np.float32)
    np.testing.assert_array_equal(session.run(None, {"x": x})[0], x * 2)
    assert open_session(File(doubling), threads=1) is session
    assert open_session(str(doubling), threads=2) is not session


def test_a_replaced_file_is_opened_again(doubling):
    session = open_session(doubling)
    model = onnx.load(doubling)
    model.doc_string = "other content"
    onnx.save(model, doubling)
    assert open_session(doubling) is not session


def test_equal_content_is_opened_once(doubling, tmp_path):
    session = open_session(doubling)
    stat = doubling.stat()
    os.utime(doubling, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    assert open_session(doubling) is session
    assert open_session(shutil.copy(doubling, tmp_path / "copy.onnx")) is session


def test_only_so_many_stay_open(doubling, monkeypatch):
    monkeypatch.setattr(sessions, "_kept", functools.lru_cache(2)(sessions._kept.__wrapped__))
    for threads in (1, 2, 3, 4):
        open_session(doubling, threads=threads)
    assert sessions._kept.cache_info().currsize == 2


def test_a_missing_or_broken_file(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        open_session(tmp_path / "none.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be opened"):
        open_session(tmp_path / "broken.onnx")


def test_an_unknown_device():
    with pytest.raises(InputError, match=r"'tpu'.*auto, cpu, cuda"), use_device("tpu"):
        pass


def test_the_device_holds_for_the_body_only():
    with use_device("cpu"):
        assert current_device() == "cpu"
        with use_device("auto"):
            pass
        assert current_device() == "cpu"


def test_asking_for_cuda_where_it_does_not_work_says_why(monkeypatch):
    monkeypatch.setattr(sessions, "cuda_missing", lambda: "there is no driver")
    with (
        pytest.raises(InputError, match=r"no driver\. Use device 'cpu' or 'auto'"),
        use_device("cuda"),
    ):
        pass
    assert current_device() == "cpu"


def test_without_a_driver_nothing_is_printed(monkeypatch, capfd):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    cuda_missing.cache_clear()
    try:
        assert "no NVIDIA driver" in cuda_missing()
    finally:
        cuda_missing.cache_clear()
    assert capfd.readouterr() == ("", "")


@pytest.mark.cuda
def test_cuda_agrees_with_the_cpu(face_model):
    if reason := cuda_missing():
        pytest.skip(reason)
    x = np.random.default_rng(0).random((4, 192, 192, 3), np.float32)
    results = []
    for device in ("cpu", "cuda"):
        with use_device(device):
            session = open_session(face_model("face-landmarks-attention"))
            results.append(session.run(None, {"input_1": x}))
    for on_cpu, on_cuda in zip(*results, strict=True):
        np.testing.assert_allclose(on_cuda, on_cpu, atol=0.2)


def test_neither_the_device_nor_open_sessions_are_in_a_key(doubling, tmp_path):
    from talkgraph import Store
    from talkgraph.engine.keys.code import code_digest
    from talkgraph.nodes.pose_mapping import MapMotion

    store = Store(tmp_path / "store")
    before = code_digest(MapMotion, store)
    with use_device("cpu"):
        open_session(doubling)
        assert code_digest(MapMotion, store) == before
