import pytest
import torch

from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize, paper_size


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def test_sizes():
    assert 200_000 <= parameters(MappingNetwork(MappingSize())) <= 800_000
    assert parameters(MappingNetwork(paper_size())) == pytest.approx(29.4e6, rel=0.005)
    assert MappingNetwork(paper_size()).encoder.inner.in_features == 12288


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ValueError, match="compact"):
        MappingNetwork(MappingSize(encoder="big"))


def test_the_future_does_not_matter_and_the_state_carries_the_past(toys):
    torch.manual_seed(0)
    network = MappingNetwork(toys.SMALL).eval()
    x = torch.randn(2, 12, 28, 12)
    state = network.initial_state(2)
    with torch.no_grad():
        whole = network(x, *state)
        changed = x.clone()
        changed[:, 7:] += 1.0
        future = network(changed, *state)
        first = network(x[:, :5], *state)
        second = network(x[:, 5:], *first[2:])
    assert torch.equal(whole[0][:, :7], future[0][:, :7])
    assert not torch.allclose(whole[0][:, 7:], future[0][:, 7:])
    torch.testing.assert_close(torch.cat([first[0], second[0]], 1), whole[0])
    torch.testing.assert_close(torch.cat([first[1], second[1]], 1), whole[1])
    torch.testing.assert_close(second[3], whole[3])
