"""The published memory out of its file, and asked."""

import numpy as np
import onnx
import pytest

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models.published.memory_2020 import build
from talkgraph.nodes.refine.load_refiner_memory import LoadRefinerMemory
from talkgraph.nodes.refine.memory.example import tiny_spatial
from talkgraph.nodes.refine.memory.recall import Recall
from talkgraph.nodes.values import OnnxModel
from tests.models.published.test_networks import memory_weights
from tests.models.published_networks import known_2020, wave


def test_it_says_of_frames_what_the_published_memory_says(tmp_path):
    weights = memory_weights(slots=4)
    query = known_2020("memory_encoder")["query"]
    weights["mem_key"][2] = query[0]  # the best that there can be
    onnx.save(build(weights, {}), str(tmp_path / "memory.onnx"))
    memory = LoadRefinerMemory().run(OnnxModel(file=File(tmp_path / "memory.onnx"), facts={}))
    assert memory.ages.tolist() == [0, 1, 2, 3] and memory.indices.tolist() == [-1, 0, 1, 2]
    picture = wave("yi2020_memory_encoder:image", 2, 3, 256, 256)[0]
    frame = np.rint((picture.transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)
    found = Recall(memory, 25, "refine").features(frame[None])
    assert np.allclose(found[0], weights["mem_value"][2])


def test_a_network_without_a_memory_is_refused():
    with pytest.raises(ModelError, match=r"tiny_spatial.onnx holds no memory \('weight' is mis"):
        LoadRefinerMemory().run(tiny_spatial())
