"""The optimisation that general training and personalisation of every mapping share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from talkgraph.nodes.training.descent import Report, descend

N = TypeVar("N", bound=nn.Module)


@attrs.frozen(kw_only=True)
class Schedule:
    """How long and how fast to train.

    steps: updates.
    rate: learning rate of Adam, warmed up over `warmup` steps and lowered by a cosine to zero.
    betas: of Adam; the paper's implementation uses (0.5, 0.999).
    decay: weight decay, or pull towards the initial weights where `anchor` is given to `optimise`.
    average: weight of the past in the running average of weights that is returned.
    """

    steps: int = 400
    rate: float = 1e-3
    warmup: int = 50
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 1e-2
    average: float = 0.99


def optimise(
    network: N,
    loss_of_batch: Callable[[np.random.Generator], Tensor],
    schedule: Schedule,
    *,
    seed: int,
    anchor: float = 0.0,
    report: Report | None = None,
) -> N:
    """Train `network` in place, return it with averaged weights.

    Args:
        loss_of_batch: draws a batch, and gives the network's loss on it.
        anchor: weight of the squared distance to the initial weights (for fine-tuning).

    Deterministic for a seed and a number of threads.
    """
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)  # dropout
    network.train()
    parameters = [p for p in network.parameters() if p.requires_grad]
    start = [p.detach().clone() for p in parameters]
    decay = 0.0 if anchor else schedule.decay
    optimiser = torch.optim.AdamW(
        parameters, lr=schedule.rate, betas=schedule.betas, weight_decay=decay
    )
    rate = LambdaLR(optimiser, lambda step: _rate_factor(step, schedule))

    def loss_of_step() -> Tensor:
        loss = loss_of_batch(random)
        return loss + anchor * _distance(parameters, start) if anchor else loss

    return descend(
        network, loss_of_step, optimiser, rate,
        steps=schedule.steps, average=schedule.average, report=report,
    )  # fmt: skip


def _rate_factor(step: int, schedule: Schedule) -> float:
    warm = min(1.0, (step + 1) / max(schedule.warmup, 1))
    return float(warm * 0.5 * (1.0 + np.cos(np.pi * step / schedule.steps)))


def _distance(now: Sequence[Tensor], start: Sequence[Tensor]) -> Tensor:
    return torch.stack([((a - b) ** 2).sum() for a, b in zip(now, start, strict=True)]).sum()
