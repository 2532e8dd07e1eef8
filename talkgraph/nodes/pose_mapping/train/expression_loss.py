"""The loss of the mapping to expression.

    L = E[(b - b~)^2] + mouth E[(m - m~)^2] + concordance (1 - CCC(m, m~))
        + closure E[max(o~ - o, 0)^2 where the lips are closed] + velocity E[(dm - dm~)^2]

b are expression coefficients in units of their spread, m linear measures of the mouth (opening,
jaw, width) in theirs, o is the opening of the lips, d the step from frame to frame. What speech
leaves open a squared error answers with too little movement; Lin's concordance correlation
(1989), taken over each sequence, is highest for a movement that agrees *and* has the right spread.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

QUIET = 0.05  # added to the variances of CCC: sequences in which nobody speaks weigh little


@attrs.frozen(kw_only=True)
class ExpressionWeights:
    """Weights of the terms beside that of the coefficients."""

    mouth: float = 0.5
    concordance: float = 1.0
    closure: float = 0.2
    velocity: float = 0.0


def expression_loss(
    made: Tensor,
    real: Tensor,
    weights: ExpressionWeights,
    *,
    measured: Tensor,
    mouth: Tensor,
    closed: Tensor,
) -> Tensor:
    """The sum of the terms.

    Args:
        made, real: `[shape=(B, T, n)]`, normalised expression.
        measured: `[shape=(B, T)]` in {0, 1}; frames without a measurement do not count.
        mouth: `[shape=(m, n)]`, measures of the mouth as rows; row 0 is the opening of the lips.
        closed: `[shape=(B, T)]` in {0, 1}, frames in which the lips are closed.
    """
    frames = measured.sum().clamp(min=1.0)

    def mean(squares: Tensor) -> Tensor:
        return (squares.mean(-1) * measured).sum() / frames

    made_mouth, real_mouth = made @ mouth.T, real @ mouth.T
    error = made_mouth - real_mouth
    loss = mean((made - real) ** 2) + weights.mouth * mean(error**2)
    too_open = torch.relu(error[..., 0]) ** 2 * closed * measured
    loss = loss + weights.closure * too_open.sum() / frames
    if weights.concordance:
        agreement = concordance_of(made_mouth, real_mouth, measured)
        loss = loss + weights.concordance * (1.0 - agreement).mean()
    if weights.velocity:
        both = measured[:, 1:] * measured[:, :-1]
        steps = ((error[:, 1:] - error[:, :-1]) ** 2).mean(-1) * both
        loss = loss + weights.velocity * steps.sum() / both.sum().clamp(min=1.0)
    return loss


def concordance_of(made: Tensor, real: Tensor, measured: Tensor) -> Tensor:
    """CCC of each sequence and measure, `[shape=(B, m)]`, of `[shape=(B, T, m)]`."""
    seen = measured[..., None]
    count = seen.sum(1).clamp(min=1.0)
    mean_made, mean_real = (made * seen).sum(1) / count, (real * seen).sum(1) / count
    a = (made - mean_made[:, None]) * seen
    b = (real - mean_real[:, None]) * seen
    spread = (a**2 + b**2).sum(1) / count + (mean_made - mean_real) ** 2 + QUIET
    return 2.0 * (a * b).sum(1) / count / spread
