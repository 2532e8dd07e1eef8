"""The pattern networks in torch, under the names of the published ones (`models.head_pattern`)."""

from __future__ import annotations

from itertools import pairwise

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

POSE, CODE = 6, 10
LONGEST_MEMORY = 300  # frames, as many as the published encoder sees


@attrs.frozen(kw_only=True)
class PatternSize:
    """Widths of both networks; `published_size()` has those of the public implementation.

    hidden, layers: of the encoder's LSTM.   code_layers: of what follows it.
    heard, heard_layers: of the decoder's LSTM.   gathered: channels of the strided convolution.
    frame_layers: of the convolutions over frames.
    rows, stride, bins: of the features.
    dropout: while training, on the encoder's final state and on what is gathered.
    """

    hidden: int = 64
    layers: int = 1
    code_layers: tuple[int, ...] = (64, 32)
    heard: int = 64
    heard_layers: int = 1
    gathered: int = 128
    frame_layers: tuple[int, ...] = (96, 48)
    rows: int = 28
    stride: int = 4
    bins: int = 13
    dropout: float = 0.2


def published_size() -> PatternSize:
    """1.8 and 10.7 million parameters, learned from some 850 clips."""
    return PatternSize(
        hidden=256, layers=3, code_layers=(256, 128, 64, 32),
        heard=256, heard_layers=3, gathered=1024, frame_layers=(512, 256), dropout=0.0,
    )  # fmt: skip


class _Block(nn.Module):
    """Layers under the name `fc`, as they are published."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.fc = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)  # type: ignore[no-any-return]


def _remember(lstm: nn.LSTM, longest: int) -> None:
    """Let the cells forget over times that are spread from one step to `longest` at first.

    Spreads and speeds are sums over a whole stretch of motion; an LSTM as it is usually initialised
    forgets within a few frames and hardly learns to add up (Tallec and Ollivier 2018, section 3).
    """
    size = lstm.hidden_size
    with torch.no_grad():
        for layer in range(lstm.num_layers):
            times = torch.empty(size).uniform_(1, longest - 1).log()
            bias = getattr(lstm, f"bias_hh_l{layer}")
            bias[:size], bias[size : 2 * size] = -times, times  # gates: i, f, c, o


class PatternEncoder(nn.Module):
    """Head motion to a motion behaviour pattern."""

    pose_scale: Tensor

    def __init__(self, size: PatternSize, pose_scale: NDArray[np.floating]) -> None:
        super().__init__()
        self.register_buffer("pose_scale", torch.as_tensor(pose_scale, dtype=torch.float32))
        self.pose_lstm = nn.LSTM(POSE, size.hidden, size.layers, batch_first=True)
        _remember(self.pose_lstm, LONGEST_MEMORY)
        self.dropout = nn.Dropout(size.dropout)
        widths = (2 * size.layers * size.hidden, *size.code_layers)
        blocks = [_Block(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(widths)]
        self.fc = nn.Sequential(*blocks, nn.Linear(widths[-1], CODE))

    def forward(self, pose: Tensor) -> Tensor:
        """Map `[shape=(B, T, 6)]` to `[shape=(B, 10)]`."""
        _, (h, c) = self.pose_lstm(pose / self.pose_scale)
        final = torch.cat([*h, *c], dim=1)
        return self.fc(self.dropout(final))  # type: ignore[no-any-return]


class PoseDecoder(nn.Module):
    """Feature rows and a pattern to head motion."""

    pose_scale: Tensor
    feature_scale: Tensor

    def __init__(
        self,
        size: PatternSize,
        pose_scale: NDArray[np.floating],
        feature_scale: NDArray[np.floating],
    ) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("pose_scale", torch.as_tensor(pose_scale, dtype=torch.float32))
        self.register_buffer("feature_scale", torch.as_tensor(feature_scale, dtype=torch.float32))
        self.audio_lstm = nn.LSTM(size.bins, size.heard, size.heard_layers, batch_first=True)
        self.audio_frame_gather = nn.Conv1d(size.heard, size.gathered, size.rows, size.stride)
        self.dropout = nn.Dropout(size.dropout)
        widths = (size.gathered + CODE, *size.frame_layers)
        blocks = [
            _Block(nn.Conv1d(a, b, 3, padding=1), nn.BatchNorm1d(b), nn.ReLU())
            for a, b in pairwise(widths)
        ]
        self.sfc = nn.Sequential(*blocks, nn.Conv1d(widths[-1], POSE, 1))

    def forward(self, rows: Tensor, pattern: Tensor) -> Tensor:
        """Map `[shape=(B, R, bins)]` and `[shape=(B, 10)]` to `[shape=(B, T, 6)]`."""
        heard, _ = self.audio_lstm(rows / self.feature_scale)
        x = self.dropout(self.audio_frame_gather(heard.transpose(1, 2)))
        x = torch.cat([x, pattern[:, :, None].expand(-1, -1, x.shape[2])], dim=1)
        return self.sfc(x).transpose(1, 2) * self.pose_scale  # type: ignore[no-any-return]


def weights_of(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The state dict as arrays."""
    return {name: value.detach().numpy() for name, value in network.state_dict().items()}
