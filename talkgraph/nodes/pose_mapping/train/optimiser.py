"""The optimisation that general training and personalisation share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.network import MappingNetwork
from talkgraph.nodes.pose_mapping.train.corpus import Target
from talkgraph.nodes.pose_mapping.train.loss import LossWeights, mapping_loss


@attrs.frozen(kw_only=True)
class Schedule:
    """How long and how fast to train, and what to vary.

    steps, batch, frames: updates, sequences per update, video frames per sequence.
    rate: learning rate of Adam, warmed up over `warmup` steps and lowered by a cosine to zero.
    betas: of Adam; the paper's implementation uses (0.5, 0.999).
    decay: weight decay, or pull towards the initial weights where `anchor` is given to `optimise`.
    average: weight of the past in the running average of weights that is returned.
    colour: std of a constant per bin and sequence (another microphone), in normalised units.
    noise: std of independent noise, likewise.
    gain: std of a factor on the features.
    shift: largest shift in feature rows (10 ms) of sound against picture.
    """

    steps: int = 400
    batch: int = 8
    frames: int = 75
    rate: float = 1e-3
    warmup: int = 50
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 1e-2
    average: float = 0.99
    colour: float = 0.2
    noise: float = 0.2
    gain: float = 0.1
    shift: int = 1


def optimise(
    network: MappingNetwork,
    targets: list[Target],
    facts: MappingFacts,
    schedule: Schedule,
    weights: LossWeights,
    *,
    seed: int,
    anchor: float = 0.0,
    report: Callable[[int, float], None] | None = None,
) -> MappingNetwork:
    """Train `network` in place on random sequences of `targets`, return it with averaged weights.

    Args:
        anchor: weight of the squared distance to the initial weights (for fine-tuning).
        report: called with step and loss after each step.

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
    mouth = torch.from_numpy(facts.readout.rows * facts.expression_std / facts.mouth_std[:, None])
    averaged = [p.detach().clone() for p in parameters]
    chance = np.asarray([len(t.expression) for t in targets], np.float64)
    chance /= chance.sum()
    for step in range(schedule.steps):
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate * _rate_factor(step, schedule)
        batch = [
            _sequence(targets[index], schedule, random)
            for index in random.choice(len(targets), schedule.batch, p=chance)
        ]
        features, expression, pose, measured, closed = (
            torch.from_numpy(np.stack(parts)) for parts in zip(*batch, strict=True)
        )
        made, made_pose, _, _ = network(features, *network.initial_state(schedule.batch))
        loss = mapping_loss(
            made, made_pose, expression, pose, weights,
            measured=measured, mouth=mouth, closed=closed,
        )  # fmt: skip
        if anchor:
            loss = loss + anchor * _distance(parameters, start)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        past = min(schedule.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, now in zip(averaged, parameters, strict=True):
                mean.lerp_(now, 1.0 - past)
        if report is not None:
            report(step + 1, float(loss.detach()))
    with torch.no_grad():
        for now, mean in zip(parameters, averaged, strict=True):
            now.copy_(mean)
    return network.eval()


def _rate_factor(step: int, schedule: Schedule) -> float:
    warm = min(1.0, (step + 1) / max(schedule.warmup, 1))
    return float(warm * 0.5 * (1.0 + np.cos(np.pi * step / schedule.steps)))


def _distance(now: Sequence[Tensor], start: Sequence[Tensor]) -> Tensor:
    return torch.stack([((a - b) ** 2).sum() for a, b in zip(now, start, strict=True)]).sum()


def _sequence(
    target: Target, schedule: Schedule, random: np.random.Generator
) -> tuple[NDArray[Any], ...]:
    """A random stretch of a clip, padded with unmeasured frames, its features varied."""
    total, frames = len(target.expression), schedule.frames
    start = int(random.integers(0, max(total - frames, 0) + 1))
    cut = slice(start, start + frames)
    features: NDArray[Any] = target.features[cut]
    if schedule.shift:
        features = _shift_rows(features, int(random.integers(-schedule.shift, schedule.shift + 1)))
    bins = features.shape[2]
    features = features * (1.0 + schedule.gain * random.standard_normal((1, 1, 1)))
    features = features + schedule.colour * random.standard_normal((1, 1, bins))
    features = features + schedule.noise * random.standard_normal(features.shape)
    parts = (features, target.expression[cut], target.pose[cut], target.measured[cut])
    return tuple(_pad(part.astype(np.float32), frames) for part in (*parts, target.closed[cut]))


def _shift_rows(features: NDArray[Any], rows: int) -> NDArray[Any]:
    """Move every window by `rows`, repeating the row at the edge."""
    index = np.clip(np.arange(features.shape[1]) + rows, 0, features.shape[1] - 1)
    return features[:, index]


def _pad(part: NDArray[Any], frames: int) -> NDArray[Any]:
    missing = frames - len(part)
    return np.pad(part, [(0, missing)] + [(0, 0)] * (part.ndim - 1)) if missing > 0 else part


@torch.no_grad()
def predict_target(network: MappingNetwork, target: Target) -> tuple[NDArray[Any], NDArray[Any]]:
    """Normalised expression `(T, 64)` and pose `(T, 6)` for one clip, in one pass."""
    network.eval()
    features = torch.from_numpy(target.features)[None]
    expression, pose, _, _ = network(features, *network.initial_state(1))
    return expression[0].numpy(), pose[0].numpy()
