"""The loss of eq. (2), with two terms of our own that may be left out.

    L = E[(b - b~)^2] + lambda1 E[(p - p~)^2] + lambda2 E[(p~(t+1) - p~(t))^2]
        + mouth E[(m - m~)^2] + closure E[max(o~ - o, 0)^2 where the lips are closed]

b are expression coefficients and p the pose, both in units of their spread. Expectations are means
over frames and coordinates, as in the published implementation (the paper writes the last term of
the first line as a sum over time). The second line is not in the paper: m are linear measures
of the mouth (opening, width, ...) that all 64 coefficients together decide, o is the opening of the
lips; without it a net trained on little data rarely closes the lips on p, b and m.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor


@attrs.frozen(kw_only=True)
class LossWeights:
    """Weights of the terms; lambda1 and lambda2 are the paper's, the rest is off."""

    pose: float = 0.2  # lambda1
    continuity: float = 0.01  # lambda2
    mouth: float = 0.0
    closure: float = 0.0


def mapping_loss(
    expression: Tensor,
    pose: Tensor,
    true_expression: Tensor,
    true_pose: Tensor,
    weights: LossWeights,
    *,
    measured: Tensor | None = None,
    mouth: Tensor | None = None,
    closed: Tensor | None = None,
) -> Tensor:
    """Eq. (2) and, where their weights are not zero, the two terms on the mouth.

    Args:
        expression, true_expression: `[shape=(B, T, n)]`, normalised.
        pose, true_pose: `[shape=(B, T, 6)]`, normalised.
        measured: `[shape=(B, T)]` in {0, 1}; frames without a measurement do not count.
        mouth: `[shape=(m, n)]`, measures of the mouth as rows; row 0 is the opening of the lips.
        closed: `[shape=(B, T)]` in {0, 1}, frames in which the lips are closed.
    """
    seen = torch.ones_like(true_pose[..., 0]) if measured is None else measured
    frames = seen.sum().clamp(min=1.0)

    def mean(squares: Tensor) -> Tensor:
        return (squares.mean(-1) * seen).sum() / frames

    loss = mean((expression - true_expression) ** 2)
    loss = loss + weights.pose * mean((pose - true_pose) ** 2)
    if pose.shape[1] > 1:
        loss = loss + weights.continuity * ((pose[:, 1:] - pose[:, :-1]) ** 2).mean()
    if mouth is None:
        return loss
    error = (expression - true_expression) @ mouth.T
    if weights.mouth:
        loss = loss + weights.mouth * mean(error**2)
    if weights.closure and closed is not None:
        too_open = torch.relu(error[..., 0]) ** 2 * closed * seen
        loss = loss + weights.closure * too_open.sum() / frames
    return loss
