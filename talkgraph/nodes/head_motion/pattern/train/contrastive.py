"""Training of the encoder: patterns of one person lie together, those of different people apart."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.nodes.geometry.neck import MIRROR
from talkgraph.nodes.head_motion.pattern.train.corpus import Example, to_and_fro
from talkgraph.nodes.head_motion.pattern.train.modules import PatternEncoder
from talkgraph.nodes.training.descent import Report, descend, one_cycle
from talkgraph.nodes.values import Floats


@attrs.frozen(kw_only=True)
class EncoderSchedule:
    """How long and how fast to train, and what to vary.

    steps: updates.   people: in a batch, each with two stretches of motion.
    shortest, longest: of a stretch, frames; a shorter clip is played to and fro.
    temperature: of the squared distance of two patterns.
    noise: std of a disturbance, in units of the pose's spread.
    scale, speed: std of the logarithm of factors by which a person is made another one: of the
        size of movement per axis, and of time.
    """

    steps: int = 1000
    people: int = 32
    shortest: int = 75
    longest: int = 250
    rate: float = 6e-3
    decay: float = 1e-2
    average: float = 0.98
    temperature: float = 0.3
    noise: float = 0.05
    scale: float = 0.5
    speed: float = 0.2


def train_encoder(
    network: PatternEncoder,
    examples: Sequence[Example],
    schedule: EncoderSchedule,
    *,
    seed: int,
    report: Report | None = None,
) -> PatternEncoder:
    """Train `network` in place, and return it with averaged weights.

    Deterministic for a seed and a number of threads.
    """
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network.train()
    by_person: dict[str, list[Example]] = {}
    for example in examples:
        by_person.setdefault(example.person, []).append(example)
    names = sorted(by_person)

    def loss_of_step() -> Tensor:
        chosen = random.permutation(len(names))[: schedule.people]
        frames = int(random.integers(schedule.shortest, schedule.longest + 1))
        pairs = [two_stretches(by_person[names[i]], frames, schedule, random) for i in chosen]
        pose = torch.from_numpy(np.stack([part for pair in pairs for part in pair]))
        pose = pose + schedule.noise * network.pose_scale * torch.randn_like(pose)
        return contrastive_loss(network(pose), schedule.temperature)

    return descend(
        network, loss_of_step, *one_cycle(network, schedule.rate, schedule.decay, schedule.steps),
        steps=schedule.steps, average=schedule.average, report=report,
    )  # fmt: skip


def contrastive_loss(patterns: Tensor, temperature: float) -> Tensor:
    """Cross entropy of finding the other stretch of the same person by its distance.

    Args:
        patterns: `[shape=(2 P, 10)]`, the two of a person beside each other.
    """
    distance = (patterns[:, None] - patterns[None]).square().sum(2) / temperature
    same = torch.eye(len(patterns), dtype=torch.bool)
    other = torch.arange(len(patterns)) ^ 1
    return torch.nn.functional.cross_entropy(-distance.masked_fill(same, 1e9), other)


def two_stretches(
    clips: Sequence[Example],
    frames: int,
    schedule: EncoderSchedule,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Two stretches of one person's motion that share no frame, of a person made another one.

    From two clips where there are several, otherwise from both sides of a cut through one. Both
    are scaled, slowed down or sped up, and mirrored alike: of so few people the encoder would learn
    the very motions instead of what they are like.

    Returns:
        twice `[shape=(frames, 6), float32]`, each about its mean.
    """
    if len(clips) > 1 and random.random() < 0.7:
        first, second = (clips[i].pose for i in random.permutation(len(clips))[:2])
    else:
        whole = clips[int(random.integers(len(clips)))].pose
        cut = round(len(whole) * random.uniform(0.35, 0.65))
        first, second = whole[:cut], whole[cut:]
        if random.random() < 0.5:
            first, second = second, first
    scale = np.exp(schedule.scale * random.standard_normal(6)).astype(np.float32)
    if random.random() < 0.5:
        scale = scale * MIRROR
    speed = float(np.exp(schedule.speed * random.standard_normal()))
    return (
        stretch(first, frames, random, speed) * scale,
        stretch(second, frames, random, speed) * scale,
    )


def stretch(pose: Floats, frames: int, random: np.random.Generator, speed: float = 1.0) -> Floats:
    """A random part of `pose [shape=(T, 6)]`, about its mean; a short one to and fro.

    Args:
        speed: frames of `pose` per frame of the result.
    """
    seen = max(round(frames * speed), 2)
    start = int(random.integers(0, max(len(pose) - seen, 0) + 1))
    part = pose[start : start + seen]
    part = (part - part.mean(0))[to_and_fro(len(part), seen)]
    if seen == frames:
        return np.asarray(part, np.float32)
    places = np.linspace(0, seen - 1, frames)
    columns = [np.interp(places, np.arange(seen), axis) for axis in part.T]
    return np.stack(columns, axis=1).astype(np.float32)
