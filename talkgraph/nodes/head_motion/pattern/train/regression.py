"""Training of the decoder: the pose that goes with a speech and a pattern.

The encoder is held. Of what the decoder makes, the pose and its change are compared with the real
ones, and so are their spreads: of little that speech tells, a squared error alone makes a head that
hardly moves, whatever the pattern says.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.nodes.geometry.neck import MIRROR
from talkgraph.nodes.head_motion.pattern.facts import PatternFacts
from talkgraph.nodes.head_motion.pattern.networks import rows_of
from talkgraph.nodes.head_motion.pattern.train.contrastive import stretch
from talkgraph.nodes.head_motion.pattern.train.corpus import Example
from talkgraph.nodes.head_motion.pattern.train.modules import PatternEncoder, PoseDecoder
from talkgraph.nodes.training.descent import Report, descend, one_cycle
from talkgraph.nodes.values import Floats

LEAST_SPREAD = 0.03  # in units of the pose's spread: stillness is no endless depth


@attrs.frozen(kw_only=True)
class DecoderSchedule:
    """How long and how fast to train, and what to vary.

    steps, batch, frames: updates, stretches per update, video frames per stretch.
    velocity: weight of the change from frame to frame, in `velocity_unit` standard deviations of
        the pose.
    spread: weight of the squared difference of the logarithms of spreads.
    noise, gain, pattern_noise: std of what is added to features, their factor, and to patterns.
    """

    steps: int = 500
    batch: int = 16
    frames: int = 100
    rate: float = 2e-3
    decay: float = 1e-2
    average: float = 0.99
    velocity: float = 0.5
    velocity_unit: float = 0.08
    spread: float = 1.0
    noise: float = 0.3
    gain: float = 0.1
    pattern_noise: float = 0.3


def train_decoder(
    network: PoseDecoder,
    encoder: PatternEncoder,
    examples: Sequence[Example],
    facts: PatternFacts,
    schedule: DecoderSchedule,
    *,
    seed: int,
    report: Report | None = None,
) -> PoseDecoder:
    """Train `network` in place, and return it with averaged weights.

    Deterministic for a seed and a number of threads.
    """
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network.train()
    encoder.eval().requires_grad_(False)
    chance = np.sqrt([len(example) for example in examples])
    chance /= chance.sum()
    heard = [facts.centred(example.windows) for example in examples]

    def loss_of_step() -> Tensor:
        chosen = random.choice(len(examples), schedule.batch, p=chance)
        parts = [_stretch(examples[i], heard[i], facts.stride, schedule, random) for i in chosen]
        rows, pose, inside, seen = (
            torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True)
        )
        rows = rows * (1 + schedule.gain * torch.randn(len(rows), 1, 1))
        rows = rows + schedule.noise * network.feature_scale * torch.randn_like(rows)
        with torch.no_grad():
            pattern = encoder(seen)
        unit = pattern.std(0, keepdim=True) + 1e-6
        told = pattern + schedule.pattern_noise * unit * torch.randn_like(pattern)
        made, real = network(rows, told) / network.pose_scale, pose / network.pose_scale
        return pose_loss(made, real, inside, schedule)

    return descend(
        network, loss_of_step, *one_cycle(network, schedule.rate, schedule.decay, schedule.steps),
        steps=schedule.steps, average=schedule.average, report=report,
    )  # fmt: skip


def pose_loss(made: Tensor, real: Tensor, inside: Tensor, schedule: DecoderSchedule) -> Tensor:
    """Squared errors of pose and velocity, and of their spreads.

    Args:
        made, real: `[shape=(B, T, 6)]`, in units of the pose's spread.
        inside: `[shape=(B, T)]`, 1 where there is a frame.
    """
    total = torch.zeros(())
    changes = (made.diff(dim=1), real.diff(dim=1))
    for weight, unit, mine, theirs, mask in (
        (1.0, 1.0, made, real, inside),
        (schedule.velocity, schedule.velocity_unit, *changes, inside[:, 1:]),
    ):
        error = ((mine - theirs) / unit).square().mean(2)
        total = total + weight * (error * mask).sum() / mask.sum()
        spreads = [_log_spread(x / unit, mask) for x in (mine, theirs)]
        total = total + schedule.spread * (spreads[0] - spreads[1]).square().mean()
    return total


def _log_spread(series: Tensor, mask: Tensor) -> Tensor:
    """Logarithm of the standard deviation in time, `[shape=(B, 6)]`, of `(B, T, 6)`."""
    shares = (mask / mask.sum(1, keepdim=True))[..., None]
    mean = (series * shares).sum(1, keepdim=True)
    variance = ((series - mean).square() * shares).sum(1)
    return 0.5 * (variance + LEAST_SPREAD**2).log()


def _stretch(
    example: Example,
    windows: Floats,
    stride: int,
    schedule: DecoderSchedule,
    random: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Feature rows, pose, where there is one, and another stretch of motion of the same clip."""
    frames = schedule.frames
    start = int(random.integers(0, max(len(example) - frames, 0) + 1))
    cut = slice(start, start + frames)
    pose, inside = example.pose[cut], np.ones(frames, np.float32)
    missing = frames - len(pose)
    inside[frames - missing :] = 0
    rows = rows_of(windows[cut], stride)
    rows = np.pad(rows, [(0, stride * missing), (0, 0)])
    pose = np.pad(pose, [(0, missing), (0, 0)])
    seen = stretch(example.pose, 2 * frames, random)
    if random.random() < 0.5:
        pose, seen = pose * MIRROR, seen * MIRROR
    return rows, pose.astype(np.float32), inside, seen
