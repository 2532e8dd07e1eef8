"""A memory that is asked about frames: read anywhere or once, it says the same."""

import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import ModelError
from talkgraph.nodes.refine.memory.example import tiny_spatial
from talkgraph.nodes.refine.memory.recall import Recall
from talkgraph.nodes.refine.memory.smoothing import between
from talkgraph.nodes.values import RefinerMemory


def memory():
    """Knows dark, grey and light pictures by their spatial feature."""
    spatial = np.stack([np.full(48, v, np.float32) for v in (-1.0, 0.0, 1.0)])
    weight = np.zeros((2, 48), np.float32)
    weight[0] = 1 / 48
    bias = np.array([0, 0.5], np.float32)
    keys = spatial @ weight.T + bias
    return RefinerMemory(
        network=tiny_spatial(), weight=weight, bias=bias,
        keys=(keys / np.linalg.norm(keys, axis=1, keepdims=True)).astype(np.float32),
        values=np.eye(3, dtype=np.float32), ages=np.zeros(3, np.int64), indices=np.arange(3),
    )  # fmt: skip


def shades(count):
    """Frames of 16 px that get lighter."""
    levels = np.linspace(0, 255, count).round().astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, 16, 16, 3)).copy()


def test_each_frame_has_the_value_of_the_nearest_key():
    found = Recall(memory(), 25, "refine").features(shades(5))
    assert found.argmax(1).tolist() == [0, 0, 1, 2, 2]


@pytest.mark.parametrize("every", [1, 7, 25])
@pytest.mark.parametrize("count", [1, 31, 70])
def test_frames_read_once_have_the_features_of_those_read_anywhere(count, every):
    pictures = shades(count)
    recall = Recall(memory(), every, "refine")
    at = np.unique([*range(0, count, every), count - 1])
    expected = between(at, recall.features(pictures)[at], 0, count)
    frames = Frames.from_array(pictures)
    parts = [(a, min(a + 32, count)) for a in range(0, count, 32)]
    anywhere = [Recall(memory(), every, "refine").of(frames, a, b) for a, b in parts]
    assert np.allclose(np.concatenate(anywhere), expected, atol=1e-6)
    once = Frames.from_iterable(count, (16, 16, 3), iter(pictures))
    walked = list(Recall(memory(), every, "refine").walk(once))
    assert np.array_equal(np.concatenate([pieces for pieces, _ in walked]), pictures)
    assert np.allclose(np.concatenate([who for _, who in walked]), expected, atol=1e-6)
    assert all(len(pieces) == len(who) <= every for pieces, who in walked)


def test_a_network_that_describes_no_picture_is_refused(tmp_path):
    import onnx
    from onnx import TensorProto, helper

    from talkgraph.cache.files import File
    from talkgraph.nodes.values import OnnxModel

    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 3]) for n in "xy"]
    graph = helper.make_graph([helper.make_node("Exp", ["x"], ["y"])], "g", info[:1], info[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, str(tmp_path / "no.onnx"))
    other = attrs.evolve(memory(), network=OnnxModel(file=File(tmp_path / "no.onnx"), facts={}))
    with pytest.raises(ModelError, match="port 'memory': expected a spatial network"):
        Recall(other, 25, "refine")
