import numpy as np
import pytest
import torch

from talkgraph.nodes.refine.discriminator import STRIDES, Discriminator
from talkgraph.nodes.refine.network import Generator, Styled, blend


@pytest.fixture(autouse=True)
def _seed():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def learned(net: Generator) -> Generator:
    """As if trained: a residual starts at no change at all."""
    torch.nn.init.normal_(net.colour.fine.weight, std=0.1)
    return net


def small(**changes) -> Generator:
    return Generator(**{"width": 4, "stem": 2, "levels": 3, "style_width": 8, **changes})


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ({}, 32),
        ({"stem": 4}, 32),
        ({"residual": False, "normed": True}, 32),
        ({"stem": 1, "levels": 4}, 24),
        ({"identity_size": 512}, 16),
        ({"levels": 5}, 32),  # the lowest level is one pixel
    ],
)
def test_masks_have_the_frames_size_and_the_stated_ranges(shape: dict, size: int):
    net = small(**shape)
    identity = torch.randn(2, shape.get("identity_size", 128))
    colour, attention = net(torch.randn(2, 9, size, size) * 20, identity * 20)
    assert colour.shape == (2, 3, size, size)
    assert attention.shape == (2, 1, size, size)
    assert colour.abs().max() <= 1
    assert attention.min() >= 0
    assert attention.max() <= 1


def test_the_default_net_costs_less_than_a_gigamac():
    macs = 0

    def count(module, _, out):
        nonlocal macs
        macs += module.weight.numel() * out.shape[2] * out.shape[3]

    net = Generator().eval()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        net(torch.zeros(1, 9, 256, 256), torch.zeros(1, 128))
    assert macs < 1e9


def test_adain_gives_each_channel_the_styles_mean_and_deviation():
    style = torch.tensor([[0.5, -0.5, 3.0, -1.0]])  # gains as deviation from 1, then offsets
    out = Styled()(torch.randn(1, 2, 40, 40) * 7 + 3, style)
    assert out.mean((2, 3))[0].tolist() == pytest.approx([3, -1], abs=1e-5)
    assert out.std((2, 3), unbiased=False)[0].tolist() == pytest.approx([1.5, 0.5], abs=1e-3)


def test_without_norm_a_style_multiplies_and_adds():
    x, style = torch.randn(1, 2, 4, 4), torch.tensor([[0.5, -0.5, 3.0, -1.0]])
    out = Styled(normed=False)(x, style)
    assert torch.allclose(out[0, 0], x[0, 0] * 1.5 + 3) and torch.allclose(
        out[0, 1], x[0, 1] / 2 - 1
    )


def test_a_part_of_a_picture_becomes_what_it_becomes_in_the_whole_picture():
    """So that a net that learned from parts fits whole pictures: far pixels do not matter."""
    net = learned(small())
    window, identity = torch.randn(1, 9, 96, 96), torch.randn(1, 128)
    whole, part = (net(w, identity)[0] for w in (window, window[..., 16:80, 16:80]))
    assert torch.allclose(whole[..., 40:56, 40:56], part[..., 24:40, 24:40], atol=1e-5)


def test_the_identity_and_every_frame_of_the_window_change_the_masks():
    net = learned(small())
    window, identity = torch.randn(1, 9, 16, 16), torch.randn(1, 128)
    before = net(window, identity)[0]
    assert not torch.allclose(net(window, identity + 1)[0], before)
    for frame in range(3):
        changed = window.clone()
        changed[:, 3 * frame : 3 * frame + 3] += 1
        assert not torch.allclose(net(changed, identity)[0], before)


def test_blend_is_equation_3():
    frame, colour = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4)
    ones = torch.ones(1, 1, 4, 4)
    assert torch.equal(blend(frame, colour, ones), frame)
    assert torch.equal(blend(frame, colour, 0 * ones), colour)
    quarter = blend(frame, colour, ones / 4)
    assert torch.allclose(quarter, frame / 4 + colour * 3 / 4)


def test_a_residual_starts_at_the_rendered_frame_and_masks_nothing():
    window = torch.rand(1, 9, 16, 16) * 2 - 1
    colour, attention = small()(window, torch.randn(1, 128))
    assert torch.equal(colour, window[:, 6:]) and not attention.any()
    colour, attention = small(residual=False)(window, torch.randn(1, 128))
    assert (colour - window[:, 6:]).abs().max() > 0.5 and attention.min() > 0


def test_pixel_shuffles_start_without_a_checkerboard():
    head = small(stem=8, residual=False).colour
    x = torch.randn(1, 8, 4, 4)
    coarse = head.unfold_coarse(head.coarse(x))  # 4 x 4 px per input pixel
    cells = coarse.reshape(12, 4, 4, 4, 4)
    assert torch.allclose(cells, cells[:, :, :1, :, :1].expand_as(cells))
    mask = head(x, torch.randn(1, 3, 32, 32)).reshape(3, 16, 2, 16, 2)
    assert torch.allclose(mask, mask[:, :, :1, :, :1].expand_as(mask), atol=1e-6)
    assert mask.std() > 0


def test_the_mask_knows_the_newest_frame_to_the_cell_of_two_pixels():
    net = learned(small(stem=4))
    window, identity = torch.zeros(1, 9, 64, 64), torch.zeros(1, 128)
    near = window.clone()
    near[:, 6:, 32, 32] = 50.0
    changed = (net.colour.fold(near[:, 6:]) != net.colour.fold(window[:, 6:])).any(1)
    assert changed.nonzero().tolist() == [[0, 16, 16]]
    assert not torch.allclose(net(near, identity)[0], net(window, identity)[0])


def test_the_discriminator_judges_70_px_patches():
    field = 1
    for stride in reversed(STRIDES):
        field = (field - 1) * stride + 4
    assert field == 70
    net = Discriminator(width=4)
    window, checked = torch.randn(2, 9, 256, 256), torch.randn(2, 3, 256, 256)
    assert net(window, checked).shape == (2, 1, 30, 30)  # as in Isola et al.
    first = net.layers[0]
    assert isinstance(first, torch.nn.Conv2d)
    assert first.in_channels == 12


def test_the_discriminator_is_conditional_and_treats_each_picture_alone():
    net = Discriminator(width=4)
    window, checked = torch.randn(2, 9, 64, 64), torch.randn(2, 3, 64, 64)
    both = net(window, checked)
    assert not torch.allclose(net(window + 1, checked), both)
    alone = torch.cat([net(window[:1], checked[:1]), net(window[1:], checked[1:])])
    assert np.allclose(both.detach(), alone.detach(), atol=1e-5)
