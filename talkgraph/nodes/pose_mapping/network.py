"""The mapping of eq. (1): audio encoder E and recurrent network R.

    [expression(t), pose(t), h(t), c(t)] = R(E(s(t)), h(t-1), c(t-1))

E sees the window of features around video frame t, R is an LSTM that runs forward in time, so
that a speech of any length is mapped piece by piece by handing on h and c.
"""

from __future__ import annotations

from itertools import pairwise

import attrs
import torch
from torch import Tensor, nn

POSE = 6  # rotation (3), then translation (3)


@attrs.frozen(kw_only=True)
class MappingSize:
    """Sizes of encoder and LSTM.

    rows, bins: shape of one window of features.
    encoder: `compact` (convolution along time with the bins as channels) or `paper`.
    channels, embedding: width of the compact encoder and of its output.
    hidden, layers: of the LSTM.
    expression: number of expression coefficients.
    dropout: on the output of the encoder while training.
    """

    rows: int = 28
    bins: int = 12
    encoder: str = "compact"
    channels: int = 64
    embedding: int = 128
    hidden: int = 128
    layers: int = 1
    expression: int = 64
    dropout: float = 0.2


def paper_size() -> MappingSize:
    """The published implementation: 29.4 million parameters, 28 x 12 MFCC windows."""
    return MappingSize(encoder="paper", embedding=256, hidden=256, layers=3, dropout=0.0)


class CompactEncoder(nn.Module):
    """E, small: two strided convolutions along time, one layer to the embedding."""

    def __init__(self, size: MappingSize) -> None:
        super().__init__()
        self.early = nn.Conv1d(size.bins, size.channels, 5, stride=2, padding=2)
        self.late = nn.Conv1d(size.channels, size.channels, 5, stride=2, padding=2)
        halved = (size.rows + 1) // 2
        self.embed = nn.Linear(size.channels * ((halved + 1) // 2), size.embedding)

    def forward(self, windows: Tensor) -> Tensor:
        """Map `[shape=(N, rows, bins)]` to `[shape=(N, embedding)]`."""
        x = torch.relu(self.early(windows.transpose(1, 2)))
        x = torch.relu(self.late(x))
        return torch.relu(self.embed(x.flatten(1)))


class PaperEncoder(nn.Module):
    """E of the published implementation: five 3 x 3 convolutions over (time, bin), two layers.

    The kernel of the pooling (3, unpadded) follows from the 12,288 inputs of its first layer.
    """

    def __init__(self, size: MappingSize) -> None:
        super().__init__()
        widths = (1, 64, 128, 256, 256, 512)
        blocks = [
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU())
            for a, b in pairwise(widths)
        ]
        self.early = nn.Sequential(*blocks[:2], nn.MaxPool2d(3, stride=(1, 2)))
        self.late = nn.Sequential(*blocks[2:], nn.MaxPool2d(3, stride=(2, 2)))
        with torch.no_grad():
            self.eval()
            flat = self.late(self.early(torch.zeros(1, 1, size.rows, size.bins))).numel()
            self.train()
        self.inner = nn.Linear(flat, 2048)
        self.embed = nn.Linear(2048, size.embedding)

    def forward(self, windows: Tensor) -> Tensor:
        """Map `[shape=(N, rows, bins)]` to `[shape=(N, embedding)]`."""
        x = self.late(self.early(windows.unsqueeze(1)))
        return torch.relu(self.embed(torch.relu(self.inner(x.flatten(1)))))


class MappingNetwork(nn.Module):
    """R over E, with normalised features in and normalised motion out (see `facts.py`)."""

    def __init__(self, size: MappingSize) -> None:
        super().__init__()
        self.size = size
        encoders = {"compact": CompactEncoder, "paper": PaperEncoder}
        if size.encoder not in encoders:
            raise ValueError(f"encoder is 'compact' or 'paper', not {size.encoder!r}")
        self.encoder = encoders[size.encoder](size)
        self.dropout = nn.Dropout(size.dropout)
        self.lstm = nn.LSTM(size.embedding, size.hidden, size.layers, batch_first=True)
        self.head = nn.Linear(size.hidden, size.expression + POSE)

    def initial_state(self, batch: int) -> tuple[Tensor, Tensor]:
        """h(-1) and c(-1): zeros `[shape=(layers, batch, hidden)]`."""
        zeros = torch.zeros(self.size.layers, batch, self.size.hidden)
        return zeros, zeros

    def forward(self, features: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        """Map features to motion.

        Args:
            features: `[shape=(B, T, rows, bins), float32]`.
            h, c: `[shape=(layers, B, hidden), float32]`, state after the frame before the first.

        Returns:
            expression `[shape=(B, T, expression)]`, pose `[shape=(B, T, 6)]`, h, c.
        """
        batch, time = features.shape[0], features.shape[1]
        encoded = self.encoder(features.reshape(-1, self.size.rows, self.size.bins))
        encoded = self.dropout(encoded).reshape(batch, time, self.size.embedding)
        hidden, (h, c) = self.lstm(encoded, (h, c))
        # Two-dimensional input, so that the export keeps a Gemm with the weights' own names.
        motion = self.head(hidden.reshape(-1, self.size.hidden))
        motion = motion.reshape(batch, time, self.size.expression + POSE)
        expression, pose = motion[..., : self.size.expression], motion[..., self.size.expression :]
        return expression, pose, h, c
