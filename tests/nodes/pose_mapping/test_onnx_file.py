import attrs
import numpy as np
import onnxruntime
import pytest
import torch

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models import read_facts
from talkgraph.nodes.pose_mapping.facts import MotionFacts
from talkgraph.nodes.pose_mapping.inference import predict
from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.pose_mapping.onnx_file import read_network, write_mapping
from talkgraph.nodes.values import OnnxModel

SMALL_PAPER = MappingSize(rows=12, bins=8, encoder="paper", embedding=16, hidden=8, layers=3)


@pytest.mark.parametrize("layers", [1, 2])
def test_weights_come_back_from_the_file(toys, tmp_path, layers):
    network, model = toys.mapping(tmp_path, attrs.evolve(toys.SMALL, layers=layers))
    again = read_network(model)
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], weight, rtol=0, atol=0)


def test_folded_batch_normalisation_comes_back_as_the_same_function(toys, tmp_path):
    torch.manual_seed(0)
    network = MappingNetwork(SMALL_PAPER).train()
    with torch.no_grad():
        network(torch.randn(2, 4, 12, 8), *network.initial_state(2))
    model = write_mapping(network, toys.facts(SMALL_PAPER), tmp_path / "mapping.onnx")
    again = read_network(model)
    x = torch.randn(2, 5, 12, 8)
    with torch.no_grad():
        expected = network(x, *network.initial_state(2))
        made = again(x, *again.initial_state(2))
    torch.testing.assert_close(made, expected, atol=1e-5, rtol=1e-4)


def test_any_batch_and_length(toys, tmp_path):
    network, model = toys.mapping(tmp_path)
    session = onnxruntime.InferenceSession(str(model.file.path), providers=["CPUExecutionProvider"])
    for batch, time in ((1, 1), (3, 17)):
        x, h, c = torch.randn(batch, time, 28, 12), *network.initial_state(batch)
        made = session.run(None, {"features": x.numpy(), "h": h.numpy(), "c": c.numpy()})
        with torch.no_grad():
            expected = network(x, h, c)
        assert made[0].shape == (batch, time, 64)
        assert made[1].shape == (batch, time, 6)
        np.testing.assert_allclose(made[0], expected[0].numpy(), atol=1e-5)


def test_facts_survive_the_file_and_the_text(toys, tmp_path):
    _, model = toys.mapping(tmp_path)
    text = read_facts(model.file.path)
    assert text == model.facts
    facts = MotionFacts.of(OnnxModel(file=model.file, facts=text))
    given = toys.facts()
    assert facts.licence == "toy" and facts.card == "a toy"
    assert facts.readout.names == ("opening", "jaw", "width")
    np.testing.assert_allclose(facts.readout.rows, given.readout.rows, rtol=1e-6)
    np.testing.assert_allclose(facts.expression_std, given.expression_std, rtol=1e-6)
    assert facts.size == given.size


def test_the_same_training_gives_the_same_bytes(toys, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, a = toys.mapping(tmp_path / "a")
    _, b = toys.mapping(tmp_path / "b")
    assert a.file.path.read_bytes() == b.file.path.read_bytes()


def test_other_files_and_facts_are_refused(toys, tmp_path):
    _, model = toys.mapping(tmp_path)
    with pytest.raises(ModelError, match="is not a speech-to-motion mapping"):
        MotionFacts.of(OnnxModel(file=model.file, facts={}))
    partial = {k: v for k, v in model.facts.items() if k != "readout"}
    with pytest.raises(ModelError, match="incomplete"):
        MotionFacts.of(OnnxModel(file=model.file, facts=partial))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        read_facts(broken)
    larger = toys.facts(attrs.evolve(toys.SMALL, hidden=32)).as_text()
    with pytest.raises(ModelError, match="does not hold the weights"):
        read_network(OnnxModel(file=File(model.file.path), facts=larger))


def test_wrong_features_name_the_right_ones(toys, tmp_path):
    _, model = toys.mapping(tmp_path)
    with pytest.raises(ModelError, match="28 x 12 windows of 'mfcc' at 25 fps"):
        predict(model, attrs.evolve(toys.features(5), fps=30.0))
