"""From features of a speech encoder to expression: a small head of residual convolutions.

The encoder has heard what is said, with the whole of it before and after; what is left is which
face goes with it. So the head is small, and hears little beyond the frame itself.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.values import Floats


class ExpressionNetwork(nn.Module):
    """Normalised features in, normalised expression out (see `facts.py`)."""

    def __init__(self, size: ExpressionSize) -> None:
        super().__init__()
        self.size = size
        self.dropout = nn.Dropout(size.dropout)
        self.hear = nn.Linear(size.rows * size.bins, size.width)
        self.blocks = nn.ModuleList(
            nn.Conv1d(size.width, size.width, size.kernel, padding=size.kernel // 2)
            for _ in range(size.blocks)
        )
        self.show = nn.Linear(size.width, size.expression)

    def forward(self, features: Tensor) -> Tensor:
        """Map `[shape=(B, T, rows, bins)]` to `[shape=(B, T, expression)]`."""
        batch, time = features.shape[0], features.shape[1]
        # Two-dimensional input, so that the export keeps a Gemm with the weights' own names.
        flat = features.reshape(-1, self.size.rows * self.size.bins)
        x = nn.functional.gelu(self.hear(self.dropout(flat)))
        x = x.reshape(batch, time, self.size.width).transpose(1, 2)
        for block in self.blocks:
            x = x + nn.functional.gelu(block(self.dropout(x)))
        x = self.show(x.transpose(1, 2).reshape(-1, self.size.width))
        made: Tensor = x.reshape(batch, time, self.size.expression)
        return made

    @torch.no_grad()
    def predict(self, features: Floats) -> Floats:
        """Map one clip's `[shape=(T, rows, bins)]` to `[shape=(T, expression)]`, in one pass."""
        made = self.eval()(torch.from_numpy(features)[None])[0]
        return np.asarray(made.numpy(), np.float32)
