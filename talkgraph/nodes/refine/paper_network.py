"""The networks of section 3.4 at the paper's size, with the names of the published checkpoints.

    net                             parameters   GMAC at 256 x 256
    PaperGenerator()                     259 M               18
    PaperDiscriminator()                 2.8 M              3.1

What an identity feature does is decided by an MLP that makes mean and gain of every channel of
every layer (AdaIN): most of the parameters. Where the generator of `network` differs, it says so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from talkgraph.models.published import discriminator_2020
from talkgraph.models.published.generator_2020 import DOWN, IDENTITY, SIDE, UP, styled, widths
from talkgraph.nodes.refine.network import NEGATIVE_SLOPE, WINDOW

DROPPED = range(1, 4)  # decoder layers with dropout while training
DEVIATION = 0.02  # of the first weights (Isola et al. 2017)


class AdaIN(nn.Module):
    """Instance norm with mean and gain from outside; its statistics are kept and not used."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor, mean: Tensor, gain: Tensor) -> Tensor:
        """Return `x (B, C, H, W)` with the mean and the gain `(B, C)` that are given."""
        return F.instance_norm(x) * gain[:, :, None, None] + mean[:, :, None, None]


class Down(nn.Module):
    """A layer of the encoder; `body` names its parts once more, as the checkpoints do."""

    def __init__(self, before: int, after: int, *, normed: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 4, stride=2, padding=1)
        norm = [AdaIN(after)] if normed else []
        self.body = nn.Sequential(nn.LeakyReLU(NEGATIVE_SLOPE), self.conv, *norm)


class Up(nn.Module):
    """A layer of the decoder, and for the last one the two parallel convolutions behind it."""

    def __init__(self, before: int, after: int, *, heads: bool) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
        self.body = nn.Sequential(nn.ReLU(), self.deconv, AdaIN(after))
        if heads:
            self.img_reg = nn.Sequential(nn.Conv2d(after, 3, 7, padding=3))
            self.attention_reg = nn.Sequential(nn.Conv2d(after, 1, 7, padding=3))


class _Styles(nn.Module):
    def __init__(self, identity_size: int, count: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inner in (identity_size, count, count):
            layers += [nn.Linear(inner, count), nn.ReLU()]
        self.model = nn.Sequential(*layers[:-1])


class PaperGenerator(nn.Module):
    """Colour mask C and attention mask A for the last frame of a window (eq. 3), as published.

    Args:
        width: channels of the first layer (64); they double up to eight times that.
        identity_size: length of the identity feature (512, ArcFace's).
    """

    multiple = SIDE
    residual = False

    def __init__(self, width: int = 64, identity_size: int = IDENTITY) -> None:
        super().__init__()
        down, up = widths(width)
        self.normed = styled(width)
        self.e1 = nn.Conv2d(3 * WINDOW, width, 4, stride=2, padding=1)
        for k in DOWN:
            self.add_module(f"e{k}", Down(down[k - 1], down[k], normed=k < 8))
        for k in UP:
            before = down[8] if k == 1 else 2 * up[k - 1]
            self.add_module(f"d{k}", Up(before, up[k], heads=k == 8))
        count = 2 * sum(channels for _, channels in self.normed)
        self.mlp = _Styles(identity_size, count)
        _initialise(self)

    def forward(self, window: Tensor, identity: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two masks.

        Args:
            window: `[shape=(B, 9, 256, 256), float32]` in [-1, 1]: RGB of frame t-2, t-1, t.
            identity: `[shape=(B, identity_size), float32]`.

        Returns:
            colour `[shape=(B, 3, 256, 256)]` in [-1, 1], attention `[shape=(B, 1, 256, 256)]` in
            [0, 1].
        """
        sizes = [channels for _, channels in self.normed for _ in ("mean", "gain")]
        parts = self.mlp.model(identity).split(sizes, dim=1)
        styles = {
            name: (parts[2 * at], parts[2 * at + 1]) for at, (name, _) in enumerate(self.normed)
        }
        x = self.e1(window)
        skips = [x]
        for k in DOWN:
            layer = self.get_submodule(f"e{k}")
            x = layer.body[1](F.leaky_relu(x, NEGATIVE_SLOPE))  # type: ignore[index,operator]
            if k < 8:
                x = layer.body[2](x, *styles[f"e{k}"])  # type: ignore[index,operator]
                skips.append(x)
        for k in UP:
            layer = self.get_submodule(f"d{k}")
            if k > 1:
                x = torch.cat([x, skips.pop()], dim=1)
            x = layer.body[2](layer.deconv(F.relu(x)), *styles[f"d{k}"])  # type: ignore[index,operator]
            if k in DROPPED:
                x = F.dropout(x, 0.5, training=self.training)
        x = F.relu(x)
        last = self.get_submodule("d8")
        return torch.tanh(last.img_reg(x)), torch.sigmoid(last.attention_reg(x))  # type: ignore[operator]


class PaperDiscriminator(nn.Module):
    """Is the checked frame real? One logit per 70 x 70 px, with batch norms, as published.

    Args:
        width: channels of the first layer (64).
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(discriminator_2020.CHANNELS, width, 4, stride=2, padding=1),
            nn.LeakyReLU(NEGATIVE_SLOPE),
        ]
        for stride in discriminator_2020.STRIDES.values():
            layers += [
                nn.Conv2d(width, 2 * width, 4, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(2 * width),
                nn.LeakyReLU(NEGATIVE_SLOPE),
            ]
            width *= 2
        self.model = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, padding=1))
        _initialise(self)

    def forward(self, window: Tensor, checked: Tensor) -> Tensor:
        """Return logits `[shape=(B, 1, h, w)]` for window (B, 9, H, W) and frame (B, 3, H, W)."""
        return self.features(window, checked)[-1]

    def features(self, window: Tensor, checked: Tensor) -> list[Tensor]:
        """Return the output of every layer, the logits last."""
        x = torch.cat([window, checked], dim=1)
        found = []
        for layer in self.model:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                found.append(x)
        return [*found, x]


def weights_of(net: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The state dict of a network, without what is named twice, for `models.published`."""
    return {
        name: value.detach().cpu().numpy()
        for name, value in net.state_dict().items()
        if ".body." not in name and not name.endswith("num_batches_tracked")
    }


def load(net: nn.Module, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Set a network's parameters from `weights`, in which nothing needs to be named twice."""
    state = net.state_dict()
    once = {name: torch.from_numpy(np.array(w)) for name, w in weights.items()}
    state |= {name: once[name] for name in state.keys() & once.keys()}
    for name in state:
        first = name.replace(".body.1.", ".conv." if name.startswith("e") else ".deconv.")
        if first in once:
            state[name] = once[first]
    net.load_state_dict(state)


def _initialise(net: nn.Module) -> None:
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=DEVIATION)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, DEVIATION)
