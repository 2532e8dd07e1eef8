"""Keypoints of 64 frames at once, of what is heard, the photo, and the head pose as a drawn box."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.models.audio2head.blocks import AntiAlias, keypoints_of, widths

FRAMES = 64  # in a window
_AUDIO = 2  # maps made of what is heard in a frame


class _Residual3d(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        made = self.conv1(F.relu(self.norm1(x)))
        added: Tensor = self.conv2(F.relu(self.norm2(made)))
        return x + added


class _Down3d(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.res = _Residual3d(inside)
        self.norm_res = nn.BatchNorm3d(inside)
        self.conv = nn.Conv3d(inside, outside, 3, padding=1)
        self.norm = nn.BatchNorm3d(outside)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm_res(self.res(x)))
        return F.avg_pool3d(F.relu(self.norm(self.conv(x))), 2)


class _Up3d(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inside, outside, 3, padding=1)
        self.norm = nn.BatchNorm3d(outside)
        self.res = _Residual3d(outside)
        self.norm2 = nn.BatchNorm3d(outside)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=2.0))))
        return F.relu(self.norm2(self.res(x)))


class _Encoder3d(nn.Module):
    def __init__(self, channels: int, inner: list[int]) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(_Down3d(a, b) for a, b in pairwise((channels, *inner)))

    def forward(self, x: Tensor) -> list[Tensor]:
        found = [x]
        for block in self.down_blocks:
            found.append(block(found[-1]))
        return found


class _Decoder3d(nn.Module):
    def __init__(self, channels: int, base: int, inner: list[int]) -> None:
        super().__init__()
        outer = [base, *inner[:-1]]
        skips = [channels, *inner[:-1]]
        order = list(reversed(range(len(inner))))
        self.up_blocks = nn.ModuleList(
            _Up3d(inner[i] * (1 if i == len(inner) - 1 else 2), outer[i]) for i in order
        )
        # A skip goes through a residual block of its own, those of the second deepest level first.
        self.res_blocks = nn.ModuleList(
            nn.Sequential(_Residual3d(skips[i]), nn.BatchNorm3d(skips[i]), nn.ReLU()) for i in order
        )

    def forward(self, skips: list[Tensor]) -> Tensor:
        x = skips[-1]
        blocks = zip(self.up_blocks, self.res_blocks, reversed(skips[:-1]), strict=True)
        for up, res, skip in blocks:
            x = torch.cat([up(x), res(skip)], dim=1)
        return x


class _Hourglass3d(nn.Module):
    def __init__(self, channels: int, base: int, levels: int, most: int) -> None:
        super().__init__()
        inner = widths(base, levels, most)
        self.encoder = _Encoder3d(channels, inner)
        self.decoder = _Decoder3d(channels, base, inner)
        self.channels = base + channels

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.decoder(self.encoder(x))
        return made


class KeypointPredictor(nn.Module):
    """An hourglass over space and time."""

    def __init__(
        self, keypoints: int = 10, base: int = 32, levels: int = 5, most: int = 512
    ) -> None:
        super().__init__()
        self.embedding = nn.Sequential(
            nn.ConvTranspose2d(1, 8, (29, 14), padding=(0, 11)),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, _AUDIO, 13, padding=6),
        )
        self.predictor = _Hourglass3d(_AUDIO + 3 + 1, base, levels, most)
        channels = self.predictor.channels
        self.kp = nn.Conv3d(channels, keypoints, 7, padding=(3, 0, 0))
        self.jacobian = nn.Conv2d(channels, 4 * keypoints, 7)
        self.down_id = AntiAlias(3)
        self.down_pose = AntiAlias(FRAMES)

    def forward(self, audio: Tensor, image: Tensor, pose_box: Tensor) -> tuple[Tensor, Tensor]:
        """Keypoints of the frames of windows.

        Args:
            audio: `[shape=(n, 64, 4, 41)]`, features of each frame.
            image: RGB in [0, 1] `[shape=(n, 3, 256, 256)]`.
            pose_box: `[shape=(n, 64, 256, 256)]`, 0 or 255.

        Returns:
            `[shape=(n, 64, K, 2)]` and `[shape=(n, 64, K, 2, 2)]`.
        """
        value, jacobian = keypoints_of(*self.maps(self.seen(audio, image, pose_box)))
        count = value.shape[1]
        return value.reshape(-1, FRAMES, count, 2), jacobian.reshape(-1, FRAMES, count, 2, 2)

    def seen(self, audio: Tensor, image: Tensor, pose_box: Tensor) -> Tensor:
        """Audio, photo and pose as maps over time, `[shape=(n, 6, 64, 64, 64)]`."""
        heard = self.embedding(audio.flatten(0, 1)[:, None])
        heard = F.interpolate(heard, scale_factor=2.0)
        heard = heard.reshape(-1, FRAMES, *heard.shape[1:]).transpose(1, 2)
        photo = self.down_id(image)[:, :, None].expand(-1, -1, FRAMES, -1, -1)
        return torch.cat([heard, photo, self.down_pose(pose_box)[:, None]], dim=1)

    def maps(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `[shape=(64 n, K, 58, 58)]` and Jacobian maps `(64 n, 4 K, 58, 58)` of frames."""
        x = self.predictor(seen)
        logits = self.kp(x).transpose(1, 2).flatten(0, 1)
        return logits, self.jacobian(x.transpose(1, 2).flatten(0, 1))
