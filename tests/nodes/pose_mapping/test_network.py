import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize, paper_size
from talkgraph.nodes.pose_mapping.train.loss import LossWeights, mapping_loss


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


def test_loss_is_equation_2_by_hand():
    random = np.random.default_rng(0)
    e, p, te, tp = (random.standard_normal((2, 5, n)) for n in (64, 6, 64, 6))
    by_hand = ((e - te) ** 2).mean() + 0.2 * ((p - tp) ** 2).mean()
    by_hand += 0.01 * ((p[:, 1:] - p[:, :-1]) ** 2).mean()
    made = mapping_loss(*map(torch.from_numpy, (e, p, te, tp)), LossWeights())
    assert float(made) == pytest.approx(by_hand)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 3.0))
def test_unmeasured_frames_do_not_count(off):
    zeros, pose = torch.zeros(1, 4, 64), torch.zeros(1, 4, 6)
    wrong = zeros.clone()
    wrong[:, 2] += off
    measured = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    assert float(mapping_loss(wrong, pose, zeros, pose, LossWeights(), measured=measured)) == 0
    assert float(mapping_loss(wrong, pose, zeros, pose, LossWeights())) > 0


def test_closure_punishes_open_lips_only_where_they_are_closed():
    truth, pose = torch.zeros(1, 2, 64), torch.zeros(1, 2, 6)
    mouth = torch.zeros(4, 64)
    mouth[0, 0] = 1.0
    made = truth.clone()
    made[..., 0] = torch.tensor([0.5, -0.5])

    def loss(closed, made):
        weights = LossWeights(closure=1.0)
        plain = mapping_loss(made, pose, truth, pose, LossWeights())
        extra = mapping_loss(
            made, pose, truth, pose, weights, mouth=mouth, closed=torch.tensor([closed])
        )
        return float(extra - plain)

    assert loss([1.0, 0.0], made) == pytest.approx(0.125)  # 0.25 in one of two frames
    assert loss([0.0, 1.0], made) == 0.0  # closed, and predicted even more closed
