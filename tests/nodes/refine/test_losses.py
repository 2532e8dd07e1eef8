import pytest
import torch
import torch.nn.functional as F

from talkgraph.nodes.refine import losses


def test_adversarial_terms_are_binary_cross_entropy():
    real, fake = torch.randn(2, 2, 1, 5, 5)
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    expected = F.binary_cross_entropy(real.sigmoid(), ones)
    expected += F.binary_cross_entropy(fake.sigmoid(), zeros)
    assert losses.discriminator_loss(real, fake) == pytest.approx(expected.item(), rel=1e-5)
    wanted = F.binary_cross_entropy(fake.sigmoid(), ones).item()
    assert losses.adversarial_loss(fake) == pytest.approx(wanted, rel=1e-5)
    # Logits that would overflow a naive log(sigmoid).
    assert torch.isfinite(losses.discriminator_loss(real - 1e4, fake + 1e4))


def test_reconstruction_is_a_mean_over_everything_weighted_by_pixel():
    a, b = torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), 0.5)
    assert losses.reconstruction_loss(a, b) == pytest.approx(0.5)
    weight = torch.ones(2, 1, 4, 4)
    weight[:, :, 0, 0] = 5  # one pixel of sixteen counts five times
    assert losses.reconstruction_loss(a, b, weight) == pytest.approx(0.5 * (15 + 5) / 16)


def test_gradients_mind_edges_and_no_constant_offset():
    real = torch.rand(1, 3, 8, 8)
    assert float(losses.gradient_loss(real + 0.2, real)) == pytest.approx(0, abs=1e-6)
    ramp = torch.arange(8.0).expand(1, 3, 8, 8)  # grows by 1 along, and by 2 at half the size
    assert float(losses.gradient_loss(real + ramp, real)) == pytest.approx(3, rel=1e-5)
    assert float(losses.gradient_loss(real + ramp, real, torch.zeros(1, 1, 8, 8))) == 0


def test_attention_norm_is_the_mean():
    assert losses.attention_norm(torch.tensor([[[[0.0, 1.0], [0.5, 0.5]]]])) == pytest.approx(0.5)


def test_attention_roughness_is_a_sum_over_pixels_and_a_mean_over_the_batch():
    ramp = torch.arange(4.0).expand(1, 1, 3, 4)  # 3 rows x 3 steps of 1 along x, none along y
    assert losses.attention_roughness(ramp) == pytest.approx(9)
    assert losses.attention_roughness(ramp.repeat(5, 1, 1, 1)) == pytest.approx(9)
    assert losses.attention_roughness(2 * ramp.transpose(2, 3)) == pytest.approx(36)


def test_feature_loss_leaves_the_logits_out():
    refined = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 2, 2), torch.zeros(1, 1, 1, 1)]
    real = [torch.full((1, 2, 4, 4), 1.0), torch.full((1, 4, 2, 2), 3.0), torch.full((1, 1), 9.0)]
    assert losses.feature_loss(refined, real) == pytest.approx(2)
