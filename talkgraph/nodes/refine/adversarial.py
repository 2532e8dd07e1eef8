"""The paired adversarial training of section 3.4, free of nodes and files."""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn

from talkgraph import engine
from talkgraph.nodes.refine import losses
from talkgraph.nodes.refine.batches import batches
from talkgraph.nodes.refine.discriminator import Discriminator
from talkgraph.nodes.refine.network import Generator, blend
from talkgraph.nodes.refine.pairs import Pairs
from talkgraph.nodes.refine.paper_network import PaperDiscriminator, PaperGenerator
from talkgraph.nodes.refine.schedule import Schedule

AVERAGE_EVERY = 4  # steps; the running mean of the weights needs no more, and costs time
Judge = Discriminator | PaperDiscriminator
Refining = TypeVar("Refining", Generator, PaperGenerator)


def fit(
    generator: Refining,
    discriminator: Judge,
    pairs: Pairs,
    schedule: Schedule,
    device: torch.device,
    losses: list[float] | None = None,
) -> Refining:
    """Optimise both networks by eq. (4) and (5), alternating; returns the generator, with the
    running mean of its weights, on the CPU.

    The learning rate is constant for the first half of the steps and falls in a straight line to
    `final_rate` of itself in the second. The same seed gives the same networks on one machine.
    The generator's loss of every step is added to `losses`.
    """
    generator.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    discriminator.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimisers = [
        torch.optim.Adam(net.parameters(), lr=schedule.learning_rate, betas=(schedule.beta1, 0.999))
        for net in (generator, discriminator)
    ]
    averaged = deepcopy(generator)
    for step, batch in enumerate(batches(pairs, schedule)):
        rate = schedule.learning_rate * _decay(step / schedule.steps, schedule.final_rate)
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = rate
        judge = discriminator if step >= schedule.adversarial_from * schedule.steps else None
        loss = _step(generator, judge, optimisers, [t.to(device) for t in batch], schedule)
        if losses is not None:
            losses.append(float(loss))
        if step % AVERAGE_EVERY == 0 or step == schedule.steps - 1:
            _average(averaged, generator, schedule.averaging, step)
        engine.progress(step + 1, schedule.steps)
    return averaged.cpu().eval()


def _average(averaged: nn.Module, generator: nn.Module, decay: float, step: int) -> None:
    """Move the running mean of the weights towards those of this step."""
    # Early on a long memory would only keep the first, random weights.
    decay = min(decay**AVERAGE_EVERY, step / (step + 10 * AVERAGE_EVERY))
    with torch.no_grad():
        for mean, value in zip(averaged.parameters(), generator.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)


def _decay(done: float, final: float) -> float:
    return 1.0 if done < 0.5 else 1.0 - (1.0 - final) * (2 * done - 1)


def _step(
    generator: Generator | PaperGenerator,
    judge: Judge | None,
    optimisers: list[torch.optim.Adam],
    batch: list[Tensor],
    schedule: Schedule,
) -> Tensor:
    """One step of both networks, or of the generator alone; returns the generator's loss."""
    window, real, identity, weight = batch
    colour, attention = generator(window, identity)
    refined = blend(window[:, -3:], colour, attention)
    if judge is not None:
        _learn_to_judge(judge, optimisers[1], window, real, refined.detach())
    optimisers[0].zero_grad(set_to_none=True)
    loss = (
        schedule.l1_weight * losses.reconstruction_loss(refined, real, weight)
        + schedule.attention_weight * losses.attention_norm(attention)
        + schedule.smoothness_weight * losses.attention_roughness(attention)
    )
    if schedule.gradient_weight:
        loss = loss + schedule.gradient_weight * losses.gradient_loss(refined, real, weight)
    if judge is not None:
        judged = judge.features(window, refined)
        loss = loss + schedule.adversarial_weight * losses.adversarial_loss(judged[-1])
        if schedule.feature_weight:
            with torch.no_grad():
                wanted = judge.features(window, real)
            loss = loss + schedule.feature_weight * losses.feature_loss(judged, wanted)
    loss.backward()  # type: ignore[no-untyped-call]
    optimisers[0].step()
    return loss.detach()


def _learn_to_judge(
    judge: Judge, optimiser: torch.optim.Adam, window: Tensor, real: Tensor, refined: Tensor
) -> None:
    judge.requires_grad_(True)
    optimiser.zero_grad(set_to_none=True)
    # Each by itself: where norms count over the batch, the two would meet.
    judgements = judge(window, real), judge(window, refined)
    losses.discriminator_loss(*judgements).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    judge.requires_grad_(False)
