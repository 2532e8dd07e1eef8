import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from talkgraph.nodes.pose_mapping.train.loss import LossWeights, mapping_loss


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
