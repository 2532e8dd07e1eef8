import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.nodes.refine.export import export, load_weights
from talkgraph.nodes.refine.network import Generator


def test_an_export_that_differs_is_noticed(tmp_path, monkeypatch):
    net = Generator(width=4, stem=2, levels=3, residual=False).eval()
    monkeypatch.setattr("talkgraph.nodes.refine.export.TOLERANCE", 0.0)
    with pytest.raises(ModelError, match="differs from the trained one"):
        export(net, tmp_path / "net.onnx", 32, 128)


def test_weights_survive_the_way_through_onnx(tmp_path):
    net = Generator(width=4, stem=2, levels=4)
    for parameter in net.parameters():  # equal tensors, as the first biases are, are stored once
        torch.nn.init.normal_(parameter, std=0.1)
    export(net, tmp_path / "net.onnx", 32, 128)
    other = Generator(width=4, stem=2, levels=4)
    load_weights(other, tmp_path / "net.onnx")
    for name, parameter in net.state_dict().items():
        assert torch.equal(parameter, other.state_dict()[name])
