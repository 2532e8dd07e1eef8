"""What the networks of Audio2Head share: anti-aliasing, hourglass, grids, softmax keypoints."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE = 256  # px, side of the pictures
COARSE = 64  # px, side of the maps on which keypoints are found and motion is dense
_SIGMA = 1.5  # px, of the anti-alias filter before every fourth pixel is taken
_RADIUS = 6
_TEMPERATURE = 0.1  # of the softmax over keypoint maps


class AntiAlias(nn.Module):
    """A quarter of the resolution: a Gaussian per channel, then every fourth pixel."""

    weight: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        at = torch.arange(-_RADIUS, _RADIUS + 1, dtype=torch.float64)
        bell = torch.exp(-((at / _SIGMA) ** 2) / 2)
        kernel = torch.outer(bell, bell)
        kernel = (kernel / kernel.sum()).float()
        self.register_buffer("weight", kernel.repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map `[shape=(n, channels, 4s, 4s)]` to `[shape=(n, channels, s, s)]`."""
        return F.conv2d(x, self.weight, stride=4, padding=_RADIUS, groups=len(self.weight))


class Block(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the size of `x`."""
        return F.relu(self.norm(self.conv(x)))


class DownBlock(Block):
    """A block that halves the size of its output by averaging."""

    def forward(self, x: Tensor) -> Tensor:
        """Halve the size of `x`."""
        return F.avg_pool2d(super().forward(x), 2)


class UpBlock(Block):
    """A block that doubles the size of its input by repeating."""

    def forward(self, x: Tensor) -> Tensor:
        """Double the size of `x`."""
        return super().forward(F.interpolate(x, scale_factor=2.0))


def widths(base: int, levels: int, most: int) -> list[int]:
    """Channels after each of `levels` halvings."""
    return [min(most, base * 2 ** (level + 1)) for level in range(levels)]


class _Encoder(nn.Module):
    def __init__(self, channels: int, inner: list[int]) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(DownBlock(a, b) for a, b in pairwise((channels, *inner)))

    def forward(self, x: Tensor) -> list[Tensor]:
        found = [x]
        for block in self.down_blocks:
            found.append(block(found[-1]))
        return found


class _Decoder(nn.Module):
    def __init__(self, channels: int, base: int, inner: list[int]) -> None:
        super().__init__()
        outer = [base, *inner[:-1]]
        blocks = []
        for level in reversed(range(len(inner))):
            deepest = level == len(inner) - 1
            blocks.append(UpBlock(inner[level] * (1 if deepest else 2), outer[level]))
        self.up_blocks = nn.ModuleList(blocks)
        self.channels = base + channels

    def forward(self, skips: list[Tensor]) -> Tensor:
        x = skips[-1]
        for block, skip in zip(self.up_blocks, reversed(skips[:-1]), strict=True):
            x = torch.cat([block(x), skip], dim=1)
        return x


class Hourglass(nn.Module):
    """A U-Net whose last skip is its input: it puts out `base + channels` maps.

    Args:
        channels: of the input.
        base, levels, most: channels after halving i + 1 times: min(most, base * 2^(i + 1)).
    """

    def __init__(self, channels: int, base: int, levels: int, most: int) -> None:
        super().__init__()
        inner = widths(base, levels, most)
        self.encoder = _Encoder(channels, inner)
        self.decoder = _Decoder(channels, base, inner)
        self.channels = self.decoder.channels

    def forward(self, x: Tensor) -> Tensor:
        """Map `[shape=(n, channels, s, s)]` to `[shape=(n, base + channels, s, s)]`."""
        made: Tensor = self.decoder(self.encoder(x))
        return made


def grid(height: int, width: int) -> Tensor:
    """Coordinates of map positions, `[shape=(height, width, 2)]`: (x, y), -1 and 1 at the borders'
    middles."""
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    return torch.stack([x, y], dim=-1)


def keypoints_of(logits: Tensor, jacobian_maps: Tensor) -> tuple[Tensor, Tensor]:
    """Where the mass of each map lies, and the Jacobian there.

    Args:
        logits: `[shape=(n, K, h, w)]`.
        jacobian_maps: `[shape=(n, 4 K, h, w)]`, four of each keypoint, row by row.

    Returns:
        `[shape=(n, K, 2)]` on the grid of the maps, and `[shape=(n, K, 2, 2)]`.
    """
    count, height, width = logits.shape[1:]
    share = torch.softmax(logits.flatten(2) / _TEMPERATURE, dim=2)
    value = share @ grid(height, width).to(share).flatten(0, 1)
    maps = jacobian_maps.reshape(-1, count, 4, height * width)
    jacobian = (maps * share[:, :, None]).sum(3)
    return value, jacobian.reshape(-1, count, 2, 2)


def warp(pictures: Tensor, where: Tensor) -> Tensor:
    """Take pixels of `pictures [shape=(n, c, h, w)]` at `where [shape=(n, a, b, 2)]`.

    Between pixels linear, zero outside. -1 and 1 are the pictures' outer edges here and the middles
    of the outer pixels in `grid`, as in the published system: its identity is not quite one.
    """
    return F.grid_sample(pictures, where, align_corners=False)
