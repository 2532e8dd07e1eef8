"""A training that ends with its time, keeps its state in a file, and goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from talkgraph.nodes.training.checkpoint import read_checkpoint, write_checkpoint
from talkgraph.nodes.training.descent import take_step

_SAVED_EVERY = 120.0  # s
_WARM_STEPS = 30

Report = Callable[[float, int, float], None]
"""Called after each step with the share of the time that is over, the step and the loss."""


@attrs.frozen(kw_only=True)
class Timed:
    """Settings of such a training.

    minutes: how long to train, earlier runs that are gone on with not counted.
    average: weight of the past in the running average of weights, which is kept.
    decay: of the weights (Loshchilov and Hutter 2019).
    held_out: people are split into this many groups; the first is never trained on.
    """

    minutes: float = 60.0
    average: float = 0.995
    decay: float = 0.0
    held_out: int = 5
    seed: int = 0


def train_for(
    network: nn.Module,
    loss_of_step: Callable[[np.random.Generator], Tensor],
    settings: Timed,
    parameters: Sequence[Mapping[str, Any]],
    state: Path | None = None,
    report: Report = lambda share, step, loss: None,
) -> int:
    """Train `network` with Adam for as long as the settings say; its weights become the averaged
    ones, and it is left ready for use.

    Args:
        loss_of_step: draws what a step learns from, and returns its loss.
        parameters: groups `{"params": ..., "lr": ...}` of the network's parameters.
        state: file that holds all that is needed to go on; gone on with where it is there, and
            written every two minutes and at the end.

    Returns:
        Steps in all, those of earlier runs with them.
    """
    optimiser = torch.optim.AdamW(
        [dict(group) for group in parameters], betas=(0.9, 0.98), weight_decay=settings.decay
    )
    rates = [group["lr"] for group in parameters]
    average = {name: value.clone() for name, value in network.state_dict().items()}
    step = 0
    if state is not None and state.is_file():
        stored = read_checkpoint(state)
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        average, step = stored["average"], int(stored["step"])

    def save() -> None:
        if state is not None:
            whole = {"network": network.state_dict(), "optimiser": optimiser.state_dict(),
                     "average": average, "step": step}  # fmt: skip
            write_checkpoint(whole, state)

    random = np.random.default_rng([settings.seed, step])
    network.train()
    began = saved = time.monotonic()
    while (over := time.monotonic() - began) < 60 * settings.minutes:
        loss = loss_of_step(random)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / _WARM_STEPS)
        take_step(optimiser, loss)
        step += 1
        _lean(average, network, min(settings.average, (step + 1) / (step + 10)))
        report(over / (60 * settings.minutes), step, float(loss.detach()))
        if time.monotonic() - saved > _SAVED_EVERY:
            saved = time.monotonic()
            save()
    save()
    network.load_state_dict(average)
    network.eval()
    return step


@torch.no_grad()
def _lean(average: dict[str, Tensor], network: nn.Module, past: float) -> None:
    """Move the average towards the weights; counts are taken as they are."""
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - past)
        else:
            average[name].copy_(value)
