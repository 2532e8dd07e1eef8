"""The converted networks against the original runtime (tests/data/face_networks_reference.py)."""

import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.models.sessions import open_session
from talkgraph.models.tflite_graph import Graph, Operator, Tensor, read_graph
from talkgraph.models.tflite_to_onnx import _Conversion, convert, same_padding
from tests.models.astronaut import faces_and_views
from tests.places import DATA


def reference(prefix, count):
    with np.load(DATA / "face_networks_reference.npz") as arrays:
        return [arrays[f"{prefix}_{i}"] for i in range(count)]


def run(session, batch):
    return session.run(None, {session.get_inputs()[0].name: batch})


def inputs():
    faces, views = faces_and_views()
    return {
        "landmarks": faces / np.float32(255),
        "detector": views / np.float32(127.5) - np.float32(1),
    }


@pytest.mark.parametrize(
    ("asset", "prefix", "outputs", "tolerance"),
    [("face-landmarks-attention", "landmarks", 7, 2e-4), ("face-detector", "detector", 2, 5e-4)],
)
def test_parity_with_the_original_runtime(face_model, asset, prefix, outputs, tolerance):
    session = open_session(face_model(asset), threads=1)
    for mine, theirs in zip(
        run(session, inputs()[prefix]), reference(prefix, outputs), strict=True
    ):
        np.testing.assert_allclose(mine.reshape(theirs.shape), theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("asset", ["face-landmarks-attention", "face-detector"])
def test_a_batch_gives_what_single_pictures_give(face_model, asset):
    session = open_session(face_model(asset), threads=1)
    size = session.get_inputs()[0].shape[1]
    batch = np.random.default_rng(3).random((5, size, size, 3), np.float32)
    singles = [run(session, batch[i : i + 1]) for i in range(5)]
    for number, together in enumerate(run(session, batch)):
        alone = np.concatenate([outputs[number] for outputs in singles])
        np.testing.assert_allclose(together, alone, rtol=0, atol=1e-3)


def test_outputs_keep_their_names_and_the_batch_is_free(face_model):
    session = open_session(face_model("face-landmarks-attention"))
    assert session.get_inputs()[0].shape == ["N", 192, 192, 3]
    assert {o.name: o.shape for o in session.get_outputs()} == {
        "output_mesh_identity": ["N", 1, 1, 1404],
        "output_lips": ["N", 1, 1, 160],
        "output_left_eye": ["N", 1, 1, 142],
        "output_right_eye": ["N", 1, 1, 142],
        "output_left_iris": ["N", 1, 1, 10],
        "output_right_iris": ["N", 1, 1, 10],
        "conv_faceflag": ["N", 1, 1, 1],
    }


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [(128, 3, 2, (0, 1)), (128, 3, 1, (1, 1)), (127, 3, 2, (1, 1)), (8, 5, 1, (2, 2)),
     (8, 2, 2, (0, 0)), (9, 2, 2, (0, 1))],
)  # fmt: skip
def test_same_padding_puts_the_odd_one_after(size, kernel, stride, expected):
    before, after = same_padding(size, kernel, stride)
    assert (before, after) == expected
    assert (size + before + after - kernel) // stride + 1 == -(-size // stride)


def test_what_is_no_tflite_file_is_refused():
    with pytest.raises(ModelError, match="not a TFLite model"):
        read_graph(b"PK\x03\x04 something else")
    with pytest.raises(ModelError, match="not a TFLite model"):
        convert(b"")


def test_an_unknown_operator_is_named():
    tensors = (Tensor("x", (1, 4), None), Tensor("y", (1, 4), None))
    graph = Graph(tensors, (Operator("FancyOp", (0,), (1,), {}),), (0,), (1,))
    with pytest.raises(ModelError, match="FancyOp"):
        _Conversion(graph).run({})


def test_a_slice_that_drops_elements_is_refused():
    tensors = (Tensor("x", (1, 4), None), Tensor("y", (1, 2), None))
    graph = Graph(tensors, (Operator("STRIDED_SLICE", (0,), (1,), {}),), (0,), (1,))
    with pytest.raises(ModelError, match="STRIDED_SLICE"):
        _Conversion(graph).run({})


def test_ops_of_the_layouts_agree_with_plain_numpy(tmp_path):
    """PAD of channels, then RESHAPE: both depend on NHWC order being kept."""
    amounts = np.array([[0, 0], [1, 0], [0, 2], [0, 3]], np.int32)
    tensors = (
        Tensor("x", (1, 2, 3, 4), None),
        Tensor("amounts", (4, 2), amounts),
        Tensor("padded", (1, 3, 5, 7), None),
        Tensor("flat", (1, 105), None),
    )
    operators = (Operator("PAD", (0, 1), (2,), {}), Operator("RESHAPE", (2,), (3,), {}))
    model = _Conversion(Graph(tensors, operators, (0,), (3,))).run({})
    file = tmp_path / "model.onnx"
    file.write_bytes(model.SerializeToString())
    x = np.arange(48, dtype=np.float32).reshape(2, 2, 3, 4)
    expected = np.pad(x, [(0, 0), (1, 0), (0, 2), (0, 3)]).reshape(2, -1)
    np.testing.assert_array_equal(open_session(file).run(["flat"], {"x": x})[0], expected)
