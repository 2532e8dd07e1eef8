import attrs
import numpy as np
import onnxruntime
import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.models import read_facts
from talkgraph.nodes.pose_mapping.expression_file import (
    read_expression_network,
    write_expression_mapping,
)
from talkgraph.nodes.pose_mapping.expression_inference import predict
from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, speech_scale
from talkgraph.nodes.values import OnnxModel, SpeechFeatures


def test_weights_come_back_from_the_file(toys, tmp_path):
    network, model = toys.expression_mapping(tmp_path)
    again = read_expression_network(model)
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], weight, rtol=0, atol=0)


@pytest.mark.parametrize(("batch", "time"), [(1, 1), (3, 17), (1, 2000)])
def test_any_batch_and_length(toys, tmp_path, batch, time):
    network, model = toys.expression_mapping(tmp_path)
    session = onnxruntime.InferenceSession(str(model.file.path), providers=["CPUExecutionProvider"])
    x = torch.randn(batch, time, 1, 24)
    (made,) = session.run(None, {"features": x.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(made, network(x).numpy(), atol=1e-5)


@pytest.mark.parametrize(("blocks", "kernel"), [(2, 5), (3, 7), (0, 5)])
def test_the_declared_context_is_the_true_one(blocks, kernel):
    torch.manual_seed(0)
    size = ExpressionSize(bins=24, width=8, blocks=blocks, kernel=kernel)
    network = ExpressionNetwork(size).eval()
    x = torch.randn(1, 60, 1, 24)
    changed = x.clone()
    changed[:, 30] += 1.0
    with torch.no_grad():
        moved = (network(x) - network(changed)).abs().amax((0, 2)) > 1e-7
    (where,) = np.nonzero(moved.numpy())
    assert where.min() == 30 - size.context and where.max() == 30 + size.context


@pytest.mark.parametrize("chunk", [1, 3, 7, 50, 1000])
def test_pieces_give_what_one_pass_gives(toys, tmp_path, chunk):
    network, model = toys.expression_mapping(tmp_path)
    heard = toys.encoded(130)
    facts = ExpressionFacts.of(model)
    scaled = speech_scale(heard.windows, facts).apply(heard.windows)
    with torch.no_grad():
        whole = network(torch.from_numpy(scaled)[None])[0].numpy() * facts.expression_std
    np.testing.assert_allclose(predict(model, heard, chunk=chunk), whole, atol=1e-5)


def test_nothing_to_hear_gives_nothing(toys, tmp_path):
    _, model = toys.expression_mapping(tmp_path)
    assert predict(model, toys.encoded(0)).shape == (0, 64)


def test_facts_survive_and_other_files_are_refused(toys, tmp_path):
    _, model = toys.expression_mapping(tmp_path)
    assert read_facts(model.file.path) == model.facts
    assert ExpressionFacts.of(model).card == "a toy"
    with pytest.raises(ModelError, match="1 x 24 windows of 'speech_encoder' at 25 fps"):
        predict(model, SpeechFeatures(windows=np.zeros((5, 1, 24), np.float32), fps=30.0))
    _, motion = toys.mapping(tmp_path)
    with pytest.raises(ModelError, match="is not a speech-to-expression mapping"):
        ExpressionFacts.of(motion)
    wider = attrs.evolve(toys.expression_facts(), size={**toys.expression_facts().size, "width": 9})
    with pytest.raises(ModelError, match="does not hold the weights"):
        read_expression_network(OnnxModel(file=model.file, facts=wider.as_text()))


def test_an_export_that_differs_is_refused(toys, tmp_path, monkeypatch):
    network, _ = toys.expression_mapping(tmp_path)
    calls = []

    def forward(x):
        calls.append(x)
        return ExpressionNetwork.forward(network, x) + (0.01 if len(calls) > 3 else 0.0)

    monkeypatch.setattr(network, "forward", forward)
    with pytest.raises(ModelError, match=r"differs from torch by 0\.01"):
        write_expression_mapping(network, toys.expression_facts(), tmp_path / "again.onnx")
