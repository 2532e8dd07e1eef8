"""A keypoint field that a CPU can train and run: 1.2 GMAC a frame, 4 MB.

It takes and makes what the published networks do. Dense motion begins as what the keypoints say by
themselves: near a keypoint, its motion, far from all, none; the network corrects the shares. The
generator begins as the photo so moved, at full size; the network adds what that lacks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.models.audio2head.blocks import COARSE, SIZE, grid
from talkgraph.models.audio2head.generator import inverse
from talkgraph.nodes.keypoint_field.mesh_keypoints import groups

FOLD = SIZE // COARSE
_BEYOND = 8.0  # standing still counts as much as a keypoint at four times its reach
_REACH = {
    "forehead": 0.2, "bridge": 0.1, "nose": 0.1, "upper lip": 0.07, "lower lip": 0.07, "chin": 0.12,
    "brow": 0.1, "upper lid": 0.05, "lower lid": 0.05, "mouth corner": 0.07, "cheek": 0.12,
    "jaw": 0.14, "temple": 0.16,
}  # fmt: skip
"""Radius of the bell about each keypoint of `mesh_keypoints`, in half sides of the picture."""


def reach_of_groups() -> Tensor:
    """The radii in the order of the keypoints, `[shape=(K,)]`."""
    plain = (name.removeprefix("left ").removeprefix("right ") for name in groups())
    return torch.tensor([_REACH[name] for name in plain])


class LightMotion(nn.Module):
    """Dense motion whose shares begin as bells about the keypoints.

    Args:
        reach: `[shape=(K,)]`, of each keypoint to begin with; None: `reach_of_groups`.
        width: channels at the finest level.
    """

    grid: Tensor

    def __init__(self, reach: Tensor | None = None, width: int = 32) -> None:
        super().__init__()
        reach = reach_of_groups() if reach is None else reach
        count = len(reach)
        self.log_reach = nn.Parameter(reach.log())
        self.beyond = nn.Parameter(torch.tensor(_BEYOND))
        self.register_buffer("grid", grid(COARSE, COARSE), persistent=False)
        self.first = nn.Conv2d(6 + count, width, 3, padding=1)
        self.down1 = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.down2 = nn.Conv2d(2 * width, 2 * width, 3, 2, 1)
        self.middle = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.up2 = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.up1 = nn.Conv2d(3 * width, width, 3, padding=1)
        self.last = nn.Conv2d(width, count + 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(
        self,
        image: Tensor,
        source_value: Tensor,
        source_jacobian: Tensor,
        driving_value: Tensor,
        driving_jacobian: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """As `audio2head.generator.DenseMotion`; the field is corrected by a shift as well."""
        away = self.grid - driving_value[:, :, None, None]
        bent = source_jacobian @ inverse(driving_jacobian)
        moved = (bent[:, :, None, None] @ away[..., None])[..., 0] + source_value[:, :, None, None]
        reach = self.log_reach.exp()[:, None, None]
        shares = -(away**2).sum(-1) / (2 * reach**2)
        still = -self.beyond.reshape(1, 1, 1, 1).expand(shares.shape[0], 1, COARSE, COARSE)
        logits = torch.cat([still, shares], dim=1)
        motions = torch.cat([self.grid.expand(shares.shape[0], 1, -1, -1, -1), moved], dim=1)
        begun = _mixed(logits, motions)
        small = F.avg_pool2d(image, FOLD)
        small = small.expand(shares.shape[0], -1, -1, -1)
        seen = torch.cat([small, _warp(small, begun), shares.exp()], dim=1)
        x0 = F.relu(self.first(seen))
        x1 = F.relu(self.down1(x0))
        x2 = F.relu(self.middle(F.relu(self.down2(x1))))
        x = F.relu(self.up2(torch.cat([_twice(x2), x1], dim=1)))
        x = F.relu(self.up1(torch.cat([_twice(x), x0], dim=1)))
        change, shift, seen_there = self.last(x).split([logits.shape[1], 2, 1], dim=1)
        deformation = _mixed(logits + change, motions) + 0.1 * shift.permute(0, 2, 3, 1)
        return deformation, torch.sigmoid(seen_there + 3)


class LightGenerator(nn.Module):
    """The moved photo, and what it lacks."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.fold = nn.PixelUnshuffle(FOLD)
        self.first = nn.Conv2d(3 * FOLD**2, width, 3, padding=1)
        self.seen = nn.Conv2d(width, width, 3, padding=1)
        self.join = nn.Conv2d(width + 3 * FOLD**2 + 1, width, 3, padding=1)
        self.down = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.middle = nn.ModuleList(nn.Conv2d(2 * width, 2 * width, 3, padding=1) for _ in range(4))
        self.up = nn.Conv2d(3 * width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 3 * FOLD**2, 3, padding=1)
        self.unfold = nn.PixelShuffle(FOLD)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor, deformation: Tensor, occlusion: Tensor) -> Tensor:
        """As `audio2head.generator.Generator`."""
        count = deformation.shape[0]
        features = F.relu(self.seen(F.relu(self.first(self.fold(image)))))
        features = _warp(features.expand(count, -1, -1, -1), deformation) * occlusion
        moved = self.moved(image, deformation)
        x0 = F.relu(self.join(torch.cat([features, self.fold(moved), occlusion], dim=1)))
        x = F.relu(self.down(x0))
        for first, second in zip(self.middle[::2], self.middle[1::2], strict=True):
            x = F.relu(x + second(F.relu(first(x))))
        x = F.relu(self.up(torch.cat([_twice(x), x0], dim=1)))
        lacking: Tensor = self.unfold(self.last(x))
        return moved + lacking

    def moved(self, image: Tensor, deformation: Tensor) -> Tensor:
        """The photo under the deformation, at full size."""
        where = deformation.permute(0, 3, 1, 2)
        where = F.interpolate(where, scale_factor=FOLD, mode="bilinear", align_corners=True)
        return _warp(image.expand(deformation.shape[0], -1, -1, -1), where.permute(0, 2, 3, 1))


def _mixed(logits: Tensor, motions: Tensor) -> Tensor:
    return (torch.softmax(logits, dim=1)[..., None] * motions).sum(1)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0)


def _warp(pictures: Tensor, where: Tensor) -> Tensor:
    return F.grid_sample(pictures, where, padding_mode="border", align_corners=True)
