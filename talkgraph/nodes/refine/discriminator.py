"""The conditional discriminator of section 3.4: a PatchGAN (Isola et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.nodes.refine.network import NEGATIVE_SLOPE, WINDOW

STRIDES = (2, 2, 2, 1, 1)  # kernels of 4: each output sees 70 x 70 px


class Discriminator(nn.Module):
    """Is the checked frame real, given the window of rendered frames? One logit per 70 x 70 patch.

    Args:
        width: channels of the first layer, doubled in each of the next three (64 in Isola et al.;
            16 costs a sixteenth of that).
        frames: frames in the window; the input has 3 * frames + 3 channels.
    """

    def __init__(self, width: int = 64, frames: int = WINDOW) -> None:
        super().__init__()
        channels = [3 * frames + 3, width, 2 * width, 4 * width, 8 * width, 1]
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=stride, padding=1)
            for before, after, stride in zip(channels, channels[1:], STRIDES, strict=False)
        )
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.02)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, window: Tensor, checked: Tensor) -> Tensor:
        """Return logits `[shape=(B, 1, h, w)]` for window (B, 9, H, W) and frame (B, 3, H, W)."""
        return self.features(window, checked)[-1]

    def features(self, window: Tensor, checked: Tensor) -> list[Tensor]:
        """Return the output of every layer, the logits last."""
        x = torch.cat([window, checked], dim=1)
        found = []
        last = len(self.layers) - 1
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if 0 < index < last:
                x = F.instance_norm(x)
            if index < last:
                x = F.leaky_relu(x, NEGATIVE_SLOPE)
            found.append(x)
        return found
