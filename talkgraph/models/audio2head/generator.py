"""Dense motion from two sets of keypoints, and the frame that it makes of the photo.

The first-order motion model: around a keypoint the picture moves as its Jacobians say; a network
chooses among these motions and standing still, position by position, and says what it cannot see.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.models.audio2head.blocks import (
    COARSE,
    AntiAlias,
    Block,
    DownBlock,
    Hourglass,
    UpBlock,
    grid,
    warp,
)

_VARIANCE = 0.01  # of a keypoint's heatmap, in units of half the picture's side


class DenseMotion(nn.Module):
    """Chooses a motion for each position.

    Args:
        keypoints: their number K.
        base, levels, most: of the hourglass.
    """

    grid: Tensor

    def __init__(
        self, keypoints: int = 10, base: int = 64, levels: int = 5, most: int = 1024
    ) -> None:
        super().__init__()
        motions = keypoints + 1
        self.hourglass = Hourglass(4 * motions, base, levels, most)
        self.mask = nn.Conv2d(self.hourglass.channels, motions, 7, padding=3)
        self.occlusion = nn.Conv2d(self.hourglass.channels, 1, 7, padding=3)
        self.down = AntiAlias(3)
        self.register_buffer("grid", grid(COARSE, COARSE), persistent=False)

    def forward(
        self,
        image: Tensor,
        source_value: Tensor,
        source_jacobian: Tensor,
        driving_value: Tensor,
        driving_jacobian: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Where each position of the frame is taken from, and how much of it can be seen there.

        Args:
            image: RGB in [0, 1] `[shape=(1, 3, 256, 256)]`, one photo for all frames.
            source_value, source_jacobian: its keypoints, `[shape=(1, K, 2)]`, `(1, K, 2, 2)`.
            driving_value, driving_jacobian: those of the frames, `(n, K, 2)`, `(n, K, 2, 2)`.

        Returns:
            deformation `[shape=(n, 64, 64, 2)]`, positions (x, y) in the photo; occlusion
            `[shape=(n, 1, 64, 64)]` in [0, 1], 0 where nothing of the photo is to be seen.
        """
        motions = self.motions(source_value, source_jacobian, driving_value, driving_jacobian)
        warped = self.warped(image, motions)
        heat = _heatmaps(self.grid, driving_value) - _heatmaps(self.grid, source_value)
        heat = torch.cat([torch.zeros_like(heat[:, :1]), heat], dim=1)
        seen = torch.cat([heat[:, :, None], warped], dim=2).flatten(1, 2)
        maps = self.hourglass(seen)
        share = torch.softmax(self.mask(maps), dim=1)
        deformation = (share[..., None] * motions).sum(1)
        return deformation, torch.sigmoid(self.occlusion(maps))

    def motions(
        self, source_value: Tensor, source_jacobian: Tensor, value: Tensor, jacobian: Tensor
    ) -> Tensor:
        """Positions in the photo under each motion, `[shape=(n, K + 1, 64, 64, 2)]`; standing still
        is the first."""
        away = self.grid - value[:, :, None, None]
        bent = source_jacobian @ inverse(jacobian)
        moved = (bent[:, :, None, None] @ away[..., None])[..., 0] + source_value[:, :, None, None]
        still = self.grid.expand(value.shape[0], 1, -1, -1, -1)
        return torch.cat([still, moved], dim=1)

    def warped(self, image: Tensor, motions: Tensor) -> Tensor:
        """The small photo under each motion, `[shape=(n, K + 1, 3, 64, 64)]`."""
        count = motions.shape[1]
        small = self.down(image).expand(motions.shape[0], -1, -1, -1)
        small = small[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
        return warp(small, motions.flatten(0, 1)).reshape(-1, count, 3, COARSE, COARSE)


def inverse(matrices: Tensor) -> Tensor:
    """The inverses of `[shape=(..., 2, 2)]`; ONNX has no operator for it."""
    a, b, c, d = matrices.flatten(-2).unbind(-1)
    turned = torch.stack([d, -b, -c, a], dim=-1) / (a * d - b * c)[..., None]
    return turned.reshape(matrices.shape)


def _heatmaps(where: Tensor, value: Tensor) -> Tensor:
    """A bell about each keypoint, `[shape=(n, K, h, w)]`."""
    return torch.exp(-((where - value[:, :, None, None]) ** 2).sum(-1) / (2 * _VARIANCE))


class ResidualBlock(nn.Module):
    """x + conv(ReLU(norm(conv(ReLU(norm(x))))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape of `x`."""
        made = self.conv1(F.relu(self.norm1(x)))
        added: Tensor = self.conv2(F.relu(self.norm2(made)))
        return x + added


class Generator(nn.Module):
    """Features of the photo, moved as the deformation says, and painted.

    Args:
        keypoints: their number K.
        base, most: channels at full size, and at most.
        halvings: of the size before the features are moved.
        residual: blocks in the middle.
    """

    def __init__(
        self, keypoints: int = 10, base: int = 64, most: int = 512, halvings: int = 2,
        residual: int = 6,
    ) -> None:  # fmt: skip
        super().__init__()
        self.dense_motion_network = DenseMotion(keypoints)
        self.first = Block(3, base, 7)
        inner = [base, *(min(most, base * 2 ** (i + 1)) for i in range(halvings))]
        pairs = list(pairwise(inner))
        self.down_blocks = nn.ModuleList(DownBlock(a, b) for a, b in pairs)
        self.up_blocks = nn.ModuleList(UpBlock(b, a) for a, b in reversed(pairs))
        self.bottleneck = nn.ModuleDict(
            {f"r{i}": ResidualBlock(inner[-1]) for i in range(residual)}
        )
        self.final = nn.Conv2d(base, 3, 7, padding=3)

    def forward(self, image: Tensor, deformation: Tensor, occlusion: Tensor) -> Tensor:
        """Frames `[shape=(n, 3, 256, 256)]`, RGB in [0, 1].

        Args:
            image: RGB in [0, 1] `[shape=(1, 3, 256, 256)]`, one photo for all frames.
            deformation, occlusion: of `DenseMotion`, `(n, 64, 64, 2)`, `(n, 1, 64, 64)`.
        """
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        x = warp(x.expand(deformation.shape[0], -1, -1, -1), deformation) * occlusion
        for block in self.bottleneck.values():
            x = block(x)
        for block in self.up_blocks:
            x = block(x)
        return torch.sigmoid(self.final(x))
