"""The loop that every small network is trained by: AdamW, and a running average of the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

N = TypeVar("N", bound=nn.Module)

Report = Callable[[int, float], None]
"""Called with the step and the loss after it."""

_LONGEST_STEP = 1.0  # norm of the gradient


def descend(
    network: N,
    loss_of_step: Callable[[], Tensor],
    optimiser: Optimizer,
    rate: LRScheduler,
    *,
    steps: int,
    average: float,
    report: Report | None = None,
) -> N:
    """Train `network` in place, and return it with averaged weights, ready to be used.

    Args:
        loss_of_step: draws a batch, and gives the network's loss on it.
        optimiser: of the parameters that are trained.
        rate: of learning, after each step.
        average: weight of the past in the running average of weights; less in the first steps.
    """
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    means = [p.detach().clone() for p in parameters]
    for step in range(steps):
        loss = loss_of_step()
        take_step(optimiser, loss)
        rate.step()
        past = min(average, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, now in zip(means, parameters, strict=True):
                mean.lerp_(now, 1.0 - past)
        if report is not None:
            report(step + 1, float(loss.detach()))
    with torch.no_grad():
        for now, mean in zip(parameters, means, strict=True):
            now.copy_(mean)
    return network.eval()


def take_step(optimiser: Optimizer, loss: Tensor) -> None:
    """One step down a loss, of a length that is not beyond all others."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, _LONGEST_STEP)
    optimiser.step()


def one_cycle(
    network: nn.Module, rate: float, decay: float, steps: int
) -> tuple[Optimizer, LRScheduler]:
    """AdamW whose rate rises to `rate` in the first tenth of the steps, and falls to nothing."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    return optimiser, OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
