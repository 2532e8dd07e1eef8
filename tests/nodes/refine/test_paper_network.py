"""The published networks in torch: their outputs, and the way to ONNX and back."""

import numpy as np
import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.models.published import discriminator_2020, generator_2020
from talkgraph.nodes.refine import losses
from talkgraph.nodes.refine.export import export, load_weights
from talkgraph.nodes.refine.network import blend
from talkgraph.nodes.refine.paper_network import (
    PaperDiscriminator,
    PaperGenerator,
    load,
    weights_of,
)
from tests.models import published_networks as published

EVERY_FOURTH = (..., slice(None, None, 4), slice(None, None, 4))


def published_generator(width=8):
    net = PaperGenerator(width).eval()
    load(net, published.weights(generator_2020.shapes(width)))
    return net


def test_the_generator_gives_what_the_public_one_gives():
    net = published_generator()
    window = torch.from_numpy(published.wave("yi2020_generator_small:frames", 1, 9, 256, 256))
    who = torch.from_numpy(published.unit("yi2020_generator_small:feature", 1, 512))
    known = published.known_2020("generator_small")
    with torch.no_grad():
        colour, attention = net(window, who)
        assert np.abs(net.mlp.model(who).numpy() - known["adain_parameters"]).max() < 1e-5
        assert (blend(window[:, 6:], colour, attention) - window[:, 6:]).abs().max() > 0.1
    assert np.abs(colour.numpy()[EVERY_FOURTH] - known["color_s4"]).max() < 1e-5
    assert np.abs(attention.numpy()[EVERY_FOURTH] - known["mask_s4"]).max() < 1e-5


def test_the_discriminator_gives_what_the_public_one_gives():
    net = PaperDiscriminator().eval()
    load(net, published.weights(discriminator_2020.shapes(64)))
    pair = torch.from_numpy(published.wave("yi2020_discriminator:pair", 1, 12, 256, 256))
    known = published.known_2020("discriminator")
    with torch.no_grad():
        logits = net(pair[:, :9], pair[:, 9:])
    assert np.abs(logits.numpy() - known["logits"]).max() < 1e-5
    assert float(losses.adversarial_loss(logits)) == pytest.approx(known["bce_as_real"], abs=1e-5)
    both = known["bce_as_real"] + known["bce_as_fake"]
    assert float(losses.discriminator_loss(logits, logits)) == pytest.approx(both, abs=1e-5)


def test_their_names_are_those_of_the_checkpoints():
    net = PaperGenerator(4)
    names = {key for key in net.state_dict() if ".body." not in key}
    assert names == set(generator_2020.shapes(4))
    assert {"e2.body.1.weight", "d8.body.2.running_var", "d8.img_reg.0.bias"} <= set(
        net.state_dict()
    )
    state = {key: value for key, value in PaperDiscriminator(4).state_dict().items()
             if not key.endswith("num_batches_tracked")}  # fmt: skip
    assert {key: tuple(value.shape) for key, value in state.items()} == discriminator_2020.shapes(4)
    other = PaperGenerator(4)
    other.load_state_dict(net.state_dict())  # strictly


def test_onnx_and_torch_agree_and_weights_come_back(tmp_path):
    net = published_generator(4)
    assert export(net, tmp_path / "net.onnx", 256, 512) < 1e-4
    other = PaperGenerator(4)
    load_weights(other, tmp_path / "net.onnx")
    for name, value in net.state_dict().items():
        if "running" not in name:
            assert torch.equal(value, other.state_dict()[name]), name
    assert set(weights_of(other)) == set(generator_2020.shapes(4))
    with pytest.raises(ModelError, match=r"the general refiner's e1\.weight is \(4, 9, 4, 4\)"):
        load_weights(PaperGenerator(8), tmp_path / "net.onnx")


def test_dropout_is_for_training_only():
    net = published_generator(4)
    window, who = torch.zeros(1, 9, 256, 256), torch.ones(1, 512)
    with torch.no_grad():
        assert torch.equal(net(window, who)[0], net(window, who)[0])
        net.train()
        assert not torch.equal(net(window, who)[0], net(window, who)[0])
