"""The converted networks against the original runtime (tests/data/*_networks_reference.py)."""

import importlib.util

import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.models.sessions import open_session
from talkgraph.models.tflite_graph import Graph, Operator, Tensor, read_graph
from talkgraph.models.tflite_to_onnx import _Conversion, convert, same_padding
from tests.models.astronaut import faces_and_views, picture
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


@pytest.mark.parametrize(("asset", "name"), [("palm-detector", "palms"), ("hand-joints", "joints")])
def test_the_networks_of_hands_agree_with_the_original_runtime(face_model, asset, name):
    spec = importlib.util.spec_from_file_location(
        "hand_networks_reference", DATA / "hand_networks_reference.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    session = open_session(face_model(asset), threads=1)
    answers = run(session, script.pictures(picture())[name] / np.float32(255))
    with np.load(DATA / "hand_networks_reference.npz") as arrays:
        for output, mine in zip(session.get_outputs(), answers, strict=True):
            theirs = arrays[f"{name}_{output.name}"]
            np.testing.assert_allclose(script.kept(name, mine), theirs, rtol=0, atol=5e-4)


@pytest.mark.parametrize(
    "asset", ["face-landmarks-attention", "face-detector", "palm-detector", "hand-joints"]
)
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


def converted(tmp_path, tensors, operator):
    """A session of one operator on tensor 0, whose answer is the last tensor."""
    graph = Graph(tensors, (operator,), (0,), (len(tensors) - 1,))
    file = tmp_path / "model.onnx"
    file.write_bytes(_Conversion(graph).run({}).SerializeToString())
    return open_session(file, threads=1)


@pytest.mark.parametrize(("size", "grown"), [((2, 3), (4, 6)), ((3, 2), (3, 8))])
def test_resizing_agrees_with_torch(tmp_path, size, grown):
    torch = pytest.importorskip("torch")
    tensors = (
        Tensor("x", (1, *size, 2), None),
        Tensor("size", (2,), np.array(grown, np.int32)),
        Tensor("y", (1, *grown, 2), None),
    )
    options = {"AlignCorners": 0, "HalfPixelCenters": 1}
    session = converted(tmp_path, tensors, Operator("RESIZE_BILINEAR", (0, 1), (2,), options))
    x = np.random.default_rng(1).normal(size=(3, *size, 2)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(x).permute(0, 3, 1, 2), grown, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(
        run(session, x)[0], expected.permute(0, 2, 3, 1).numpy(), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ("corners", "centres", "to", "words"),
    [(1, 0, 4, "pixel centres"), (0, 0, 4, "pixel centres"), (0, 1, 3, "whole number")],
)
def test_another_resizing_is_refused(corners, centres, to, words):
    tensors = (
        Tensor("x", (1, 2, 2, 1), None),
        Tensor("size", (2,), np.array([to, to], np.int32)),
        Tensor("y", (1, to, to, 1), None),
    )
    options = {"AlignCorners": corners, "HalfPixelCenters": centres}
    graph = Graph(tensors, (Operator("RESIZE_BILINEAR", (0, 1), (2,), options),), (0,), (2,))
    with pytest.raises(ModelError, match=f"RESIZE_BILINEAR .*{words}"):
        _Conversion(graph).run({})


def test_the_mean_of_a_picture_agrees_with_numpy(tmp_path):
    tensors = (
        Tensor("x", (1, 3, 4, 2), None),
        Tensor("axes", (2,), np.array([1, 2], np.int32)),
        Tensor("y", (1, 2), None),
    )
    session = converted(tmp_path, tensors, Operator("MEAN", (0, 1), (2,), {"KeepDims": 0}))
    x = np.random.default_rng(2).normal(size=(5, 3, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(run(session, x)[0], x.mean(axis=(1, 2)), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("axes", "keep"), [([1], 0), ([1, 2], 1), ([2, 3], 0)])
def test_another_mean_is_refused(axes, keep):
    tensors = (
        Tensor("x", (1, 3, 4, 2), None),
        Tensor("axes", (len(axes),), np.array(axes, np.int32)),
        Tensor("y", (1, 2), None),
    )
    operator = Operator("MEAN", (0, 1), (2,), {"KeepDims": keep})
    with pytest.raises(ModelError, match="MEAN other than over rows and columns"):
        _Conversion(Graph(tensors, (operator,), (0,), (2,))).run({})


@pytest.mark.parametrize(
    ("code", "bounds"), [(0, (-np.inf, np.inf)), (1, (0, np.inf)), (3, (0, 6))]
)
def test_a_dense_layer_and_its_activation_agree_with_numpy(tmp_path, code, bounds):
    rng = np.random.default_rng(3)
    weights, bias = (rng.normal(size=size).astype(np.float32) for size in ((3, 5), (3,)))
    tensors = (
        Tensor("x", (1, 5), None),
        Tensor("weights", weights.shape, weights),
        Tensor("bias", bias.shape, bias),
        Tensor("y", (1, 3), None),
    )
    options = {"KeepNumDims": 0, "FusedActivationFunction": code}
    session = converted(tmp_path, tensors, Operator("FULLY_CONNECTED", (0, 1, 2), (3,), options))
    x = 4 * rng.normal(size=(7, 5)).astype(np.float32)
    expected = np.clip(x @ weights.T + bias, *bounds)
    np.testing.assert_allclose(run(session, x)[0], expected, rtol=0, atol=1e-4)


def test_a_dense_layer_on_a_picture_is_refused():
    weights = np.ones((3, 5), np.float32)
    tensors = (
        Tensor("x", (1, 2, 2, 5), None),
        Tensor("weights", weights.shape, weights),
        Tensor("y", (1, 2, 2, 3), None),
    )
    options = {"KeepNumDims": 1, "FusedActivationFunction": 0}
    graph = Graph(tensors, (Operator("FULLY_CONNECTED", (0, 1), (2,), options),), (0,), (2,))
    with pytest.raises(ModelError, match="FULLY_CONNECTED of other than vectors"):
        _Conversion(graph).run({})


def test_an_activation_that_is_not_known_is_named():
    tensors = (Tensor("x", (1, 4), None), Tensor("y", (1, 4), None))
    operator = Operator("ADD", (0, 0), (1,), {"FusedActivationFunction": 4})
    with pytest.raises(ModelError, match="fused activation 4 of ADD"):
        _Conversion(Graph(tensors, (operator,), (0,), (1,))).run({})


def test_a_logistic_agrees_with_numpy(tmp_path):
    tensors = (Tensor("x", (1, 4), None), Tensor("y", (1, 4), None))
    session = converted(tmp_path, tensors, Operator("LOGISTIC", (0,), (1,), {}))
    x = np.linspace(-9, 9, 12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(run(session, x)[0], 1 / (1 + np.exp(-x)), rtol=0, atol=1e-6)
