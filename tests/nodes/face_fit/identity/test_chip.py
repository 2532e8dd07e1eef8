"""What the recognition networks see: five points at their places, ours and ArcFace's."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.nodes.face_fit.identity.chip import ARCFACE, DLIB, Recogniser
from talkgraph.nodes.values import OnnxModel


def test_five_points_that_fit_give_the_exact_chip():
    landmarks = np.zeros((1, 478, 3), np.float32)
    places = {263: (0.85957, 0.2135), 362: (0.64606, 0.22897), 33: (0.12058, 0.21373),
              133: (0.33409, 0.22906), 2: (0.49011, 0.6278)}  # fmt: skip
    for index, (u, v) in places.items():  # an unpadded chip of 100 px with its corner at (40, 30)
        landmarks[0, index, :2] = 40 + 100 * u, 30 + 100 * v
    np.testing.assert_allclose(DLIB.regions(landmarks, 0.0), [[90, 80, 100, 0]], atol=0.01)
    np.testing.assert_allclose(DLIB.regions(landmarks, 0.25), [[90, 80, 150, 0]], atol=0.01)


def test_the_chip_turns_with_the_face():
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(50, 200, (1, 478, 3)).astype(np.float32)
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = landmarks.copy()
    turned[..., :2] = landmarks[..., :2] @ turn.T * 2
    before, after = DLIB.regions(landmarks, 0.25)[0], DLIB.regions(turned, 0.25)[0]
    np.testing.assert_allclose(after[:2], turn @ before[:2] * 2, rtol=1e-4)
    assert after[2] == pytest.approx(2 * before[2], rel=1e-5)
    assert after[3] - before[3] == pytest.approx(angle, abs=1e-5)


def test_arcface_has_its_eyes_nose_and_mouth_where_it_was_trained_to():
    landmarks = np.zeros((1, 478, 3), np.float32)
    places = {
        (33, 133): (38.2946, 51.6963), (263, 362): (73.5318, 51.5014), (1,): (56.0252, 71.7366),
        (61,): (41.5493, 92.3655), (291,): (70.7299, 92.2041),
    }  # fmt: skip
    for group, (x, y) in places.items():  # in a chip of 224 px with its corner at (10, 20)
        for side, index in enumerate(group):  # corners of an eye: the middle counts
            away = (4, -4)[side] if len(group) == 2 else 0
            landmarks[0, index, :2] = 10 + 2 * x + away, 20 + 2 * y
    np.testing.assert_allclose(ARCFACE.regions(landmarks, 0.0), [[122, 132, 224, 0]], atol=0.01)


def network(path, shape, width):
    """Puts out the first numbers of the picture that it sees."""
    flat = helper.make_node("Flatten", ["input.1"], ["flat"])
    ends = [helper.make_tensor(n, TensorProto.INT64, [1], [v]) for n, v in (("a", 0), ("b", width))]
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    cut = helper.make_node("Slice", ["flat", "a", "b", "axis"], ["683"])
    graph = helper.make_graph(
        [flat, cut], "g",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("683", TensorProto.FLOAT, [1, width])], [*ends, axis],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              path)  # fmt: skip
    return OnnxModel(file=File(path), facts={})


def test_arcface_comes_in_whatever_its_tensors_are_called(tmp_path):
    recognise = Recogniser(network(tmp_path / "r50.onnx", ["n", 3, 112, 112], 512), "x")
    assert recognise.chip is ARCFACE
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    landmarks = np.random.default_rng(0).uniform(10, 50, (478, 3)).astype(np.float32)
    vector = recognise(red, landmarks, 0.25)
    assert vector.shape == (512,) and (vector == 1).all()  # red first, in [-1, 1]


def test_another_network_is_refused_at_its_port(tmp_path):
    with pytest.raises(ModelError, match="node 'who', port 'network': expected"):
        Recogniser(network(tmp_path / "r50.onnx", ["n", 3, 112, 96], 512), "who")
    (tmp_path / "no.onnx").write_bytes(b"no")
    with pytest.raises(ModelError, match="node 'who', port 'network': the model file"):
        Recogniser(OnnxModel(file=File(tmp_path / "no.onnx"), facts={}), "who")
