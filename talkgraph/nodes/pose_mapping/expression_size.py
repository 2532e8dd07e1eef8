"""Sizes of the network from speech to expression (no torch)."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class ExpressionSize:
    """Sizes of the network.

    rows, bins: shape of one window of features.
    width: channels of the convolutions.
    blocks, kernel: how many residual convolutions, and how many frames each sees.
    expression: number of expression coefficients.
    dropout: on the features and before each convolution, while training.
    """

    rows: int = 1
    bins: int = 384
    width: int = 64
    blocks: int = 2
    kernel: int = 5
    expression: int = 64
    dropout: float = 0.3

    @property
    def context(self) -> int:
        """Frames before a frame, and frames after it, that its expression depends on."""
        return self.blocks * (self.kernel // 2)
