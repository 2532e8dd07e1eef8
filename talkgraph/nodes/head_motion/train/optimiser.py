"""Flow matching: learning the velocity that carries noise to motion."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.nodes.geometry.neck import MIRROR
from talkgraph.nodes.head_motion.train.corpus import Target
from talkgraph.nodes.head_motion.train.network import VelocityNetwork
from talkgraph.nodes.training.descent import Report, descend, one_cycle
from talkgraph.nodes.values import Floats


@attrs.frozen(kw_only=True)
class Schedule:
    """How long and how fast to train, and what to vary.

    steps, batch, pairs: updates, windows per update, pairs of frames per window.
    rate: highest learning rate of AdamW, in one cycle.
    decay: weight decay.
    average: weight of the past in the running average of weights that is returned.
    deaf: share of windows in which the speech is not heard, which guidance needs.
    heard_noise, code_noise: std of noise on speech and code: few people are not to be known by it.
    """

    steps: int = 1000
    batch: int = 16
    pairs: int = 96
    rate: float = 2e-3
    decay: float = 1e-2
    average: float = 0.995
    deaf: float = 0.15
    heard_noise: float = 0.6
    code_noise: float = 0.8


def optimise(
    network: VelocityNetwork,
    targets: Sequence[Target],
    schedule: Schedule,
    *,
    seed: int,
    report: Report | None = None,
) -> VelocityNetwork:
    """Train `network` in place, and return it with averaged weights.

    Deterministic for a seed and a number of threads.

    Args:
        report: called with step and loss after each step.
    """
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network.train()
    chance = np.sqrt([len(target) for target in targets])
    chance /= chance.sum()
    columns = [_heard(network, target) for target in targets]

    def loss_of_step() -> Tensor:
        chosen = random.choice(len(targets), schedule.batch, p=chance)
        parts = [_window(targets[i], columns[i], schedule, random) for i in chosen]
        motion, heard, inside, code = (
            torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True)
        )
        heard = heard + schedule.heard_noise * torch.randn_like(heard)
        code = code + schedule.code_noise * torch.randn_like(code)
        listens = (torch.rand(schedule.batch) >= schedule.deaf).float()
        return flow_loss(
            network, motion, heard, inside, code, listens,
            time=torch.sigmoid(torch.randn(schedule.batch)), noise=torch.randn_like(motion),
        )  # fmt: skip

    return descend(
        network, loss_of_step, *one_cycle(network, schedule.rate, schedule.decay, schedule.steps),
        steps=schedule.steps, average=schedule.average, report=report,
    )  # fmt: skip


def flow_loss(
    network: VelocityNetwork,
    motion: Tensor,
    heard: Tensor,
    inside: Tensor,
    code: Tensor,
    listens: Tensor,
    *,
    time: Tensor,
    noise: Tensor,
) -> Tensor:
    """Mean squared error of the velocity at `time` on the path from `noise` to `motion`."""
    share = time[:, None, None]
    at = ((1 - share) * noise + share * motion) * inside[..., None]
    made = network.velocity(at, time, heard, code, listens, inside)
    error = ((made - (motion - noise)) ** 2).mean(2) * inside
    return error.sum() / inside.sum()


@torch.no_grad()
def held_out_loss(
    network: VelocityNetwork, targets: Sequence[Target], *, listens: bool, seed: int = 0
) -> float:
    """The flow's loss on whole clips, at eight moments of the path, with the same noise always."""
    network.eval()
    random = torch.Generator().manual_seed(seed)
    total, weight = 0.0, 0
    for target in targets:
        motion = torch.from_numpy(target.motion)[None].repeat(8, 1, 1)
        heard = torch.from_numpy(_heard(network, target))[None].repeat(8, 1, 1)
        inside = torch.ones(motion.shape[:2])
        code = torch.from_numpy(target.code)[None].repeat(8, 1)
        loss = flow_loss(
            network, motion, heard, inside, code, torch.full((8,), float(listens)),
            time=(torch.arange(8) + 0.5) / 8,
            noise=torch.randn(motion.shape, generator=random),
        )  # fmt: skip
        total, weight = total + float(loss) * len(target), weight + len(target)
    return total / weight


def _heard(network: VelocityNetwork, target: Target) -> Floats:
    with torch.no_grad():
        heard = network.heard(
            torch.from_numpy(target.prosody)[None], torch.from_numpy(target.features)[None]
        )
    return np.asarray(heard[0].numpy())


def _window(
    target: Target, columns: Floats, schedule: Schedule, random: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """A random window of a clip, padded with zeros; half of the time in a mirror."""
    start = int(random.integers(0, max(len(target) - schedule.pairs, 0) + 1))
    cut = slice(start, start + schedule.pairs)
    motion, heard = target.motion[cut], columns[cut]
    if random.random() < 0.5:
        motion = motion * MIRROR
    inside = np.zeros(schedule.pairs, np.float32)
    inside[: len(motion)] = 1.0
    missing = [(0, schedule.pairs - len(motion)), (0, 0)]
    return np.pad(motion, missing), np.pad(heard, missing), inside, target.code
