"""The paired adversarial training of section 3.4, free of nodes and files."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from talkgraph import engine
from talkgraph.nodes.refine import losses
from talkgraph.nodes.refine.discriminator import Discriminator
from talkgraph.nodes.refine.network import Generator, blend
from talkgraph.nodes.refine.pairs import Pairs
from talkgraph.nodes.refine.paper_network import PaperDiscriminator, PaperGenerator
from talkgraph.nodes.refine.schedule import Schedule
from talkgraph.nodes.refine.temporal_window import stack_windows, to_network
from talkgraph.nodes.values import Floats

AVERAGE_EVERY = 4  # steps; the running mean of the weights needs no more, and costs time
Bytes = NDArray[np.uint8]
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
    for step, batch in enumerate(_batches(pairs, schedule)):
        rate = schedule.learning_rate * _decay(step / schedule.steps, schedule.final_rate)
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = rate
        loss = _step(generator, discriminator, optimisers, [t.to(device) for t in batch], schedule)
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
    discriminator: Judge,
    optimisers: list[torch.optim.Adam],
    batch: list[Tensor],
    schedule: Schedule,
) -> Tensor:
    """One step of both networks; returns the generator's loss."""
    window, real, identity, weight = batch
    colour, attention = generator(window, identity)
    refined = blend(window[:, -3:], colour, attention)

    discriminator.requires_grad_(True)
    optimisers[1].zero_grad(set_to_none=True)
    # Each by itself: where norms count over the batch, the two would meet.
    judgements = discriminator(window, real), discriminator(window, refined.detach())
    losses.discriminator_loss(*judgements).backward()  # type: ignore[no-untyped-call]
    optimisers[1].step()

    discriminator.requires_grad_(False)
    optimisers[0].zero_grad(set_to_none=True)
    judged = discriminator.features(window, refined)
    loss = (
        losses.adversarial_loss(judged[-1])
        + schedule.l1_weight * losses.reconstruction_loss(refined, real, weight)
        + schedule.attention_weight * losses.attention_norm(attention)
        + schedule.smoothness_weight * losses.attention_roughness(attention)
    )
    if schedule.feature_weight:
        with torch.no_grad():
            wanted = discriminator.features(window, real)
        loss = loss + schedule.feature_weight * losses.feature_loss(judged, wanted)
    loss.backward()  # type: ignore[no-untyped-call]
    optimisers[0].step()
    return loss.detach()


def _batches(pairs: Pairs, schedule: Schedule) -> Iterator[list[Tensor]]:
    """Yield `steps` batches of window, real frame, identity and pixel weight, in random order."""
    rng = np.random.default_rng(schedule.seed)
    waiting = np.empty(0, np.int64)
    for _ in range(schedule.steps):
        while len(waiting) < schedule.batch:
            waiting = np.concatenate([waiting, rng.permutation(len(pairs.real))])
        chosen, waiting = waiting[: schedule.batch], waiting[schedule.batch :]
        # One factor for rendered and real alike: the task stays the same, the light varies.
        low, high = 1 - schedule.brightness, 1 + schedule.brightness
        gain = rng.uniform(low, high, (len(chosen), 1, 1, 1)).astype(np.float32)
        rows = pairs.windows[chosen]
        window = stack_windows(
            to_network(pairs.rendered[rows.ravel()]), np.arange(rows.size).reshape(rows.shape)
        )
        real = to_network(pairs.real[chosen])
        if pairs.weights is None:
            weight = np.ones((len(chosen), 1, *real.shape[2:]), np.float32)
        else:
            weight = pairs.weights[chosen][:, None]
        identity = pairs.identity[chosen]
        window, real, weight = _shifted([window, real, weight], schedule.shift, rng)
        if rng.random() < schedule.mirrored:
            window, real, weight = (p[..., ::-1].copy() for p in (window, real, weight))
        yield [
            torch.from_numpy(a)
            for a in (_dimmed(window, gain), _dimmed(real, gain), identity, weight)
        ]


def _shifted(pictures: list[Floats], share: float, rng: np.random.Generator) -> list[Floats]:
    """Move all pictures by one random number of whole pixels; the border is repeated.

    The stem looks at fixed cells of pixels and a clip shows few head positions: without this the
    net fails where the head goes to a new place.
    """
    side = pictures[0].shape[-1]
    most = round(share * side)
    down, right = rng.integers(-most, most + 1, 2)
    rows = np.clip(np.arange(side) - down, 0, side - 1)
    columns = np.clip(np.arange(side) - right, 0, side - 1)
    return [picture[:, :, rows][..., columns] for picture in pictures]


def _dimmed(picture: Floats, gain: Floats) -> Floats:
    """Multiply the light of pictures in [-1, 1] by `gain`, clipped like a camera would."""
    dimmed: Floats = np.minimum((picture + 1) * gain - 1, np.float32(1))
    return dimmed
