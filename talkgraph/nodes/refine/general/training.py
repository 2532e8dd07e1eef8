"""The training of the general refiner, free of nodes and files.

    L = mean w |o - g|                          colours
      + gradient_weight * mean w |Do - Dg|      differences of neighbouring pixels, at two scales
      + temporal_weight * mean m |dot - dgt|    change from frame to frame at the mouth

with o the refined frame, g the real one, m the mouth's mask and w = 1 + mouth_weight * m within the
face, `ELSEWHERE` of that outside. Without a discriminator: over many people it needs
many times the steps, and the personal training of section 4.1 has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.errors import InputError
from talkgraph.nodes.refine.general.examples import FOLLOWING, Example
from talkgraph.nodes.refine.losses import gradient_loss, reconstruction_loss
from talkgraph.nodes.refine.network import Generator, blend
from talkgraph.nodes.refine.pairs import ELSEWHERE
from talkgraph.nodes.refine.temporal_window import WINDOW
from talkgraph.nodes.training.checkpoint import read_checkpoint, write_checkpoint
from talkgraph.nodes.values import Floats, Ints


@attrs.frozen(kw_only=True)
class GeneralTraining:
    """How the general refiner is trained.

    size, crop: px, of the pictures and of the random parts of them that a step sees.
    margin: of the face's region, see `region.face_region`.
    width, stem, levels: of `network.Generator`.
    moments: of each clip.
    near_mouth: share of the parts that hold the mouth's middle.
    averaging: per-step decay of the running mean of the weights that is kept.
    """

    size: int = 192
    crop: int = 128
    margin: float = 0.2
    width: int = 16
    stem: int = 2
    levels: int = 4
    moments: int = 7
    steps: int = 6000
    batch: int = 4
    learning_rate: float = 5e-4
    final_rate: float = 0.1
    mouth_weight: float = 4.0
    gradient_weight: float = 1.0
    temporal_weight: float = 2.0
    near_mouth: float = 0.5
    brightness: float = 0.1
    averaging: float = 0.998
    seed: int = 0


def generator_of(settings: GeneralTraining, identity_size: int) -> Generator:
    """The network with its first weights, which leave every frame as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return Generator(settings.width, settings.stem, settings.levels, identity_size)


def train(
    examples: Sequence[Example],
    settings: GeneralTraining,
    *,
    checkpoint: Path | None = None,
    every: int = 200,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> Generator:
    """Train on the moments of all clips, every person as often as any other.

    Args:
        checkpoint: is written every `every` steps, and gone on from where it is there.
        report: is told the step and the mean loss since it was told last.

    Returns:
        The generator with the running mean of its weights.

    Raises:
        InputError: the checkpoint is of a training with other settings.
    """
    generator = generator_of(settings, len(examples[0].identity))
    generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = deepcopy(generator)
    optimiser = torch.optim.Adam(generator.parameters(), lr=settings.learning_rate)
    first = 0
    if checkpoint is not None and checkpoint.exists():
        state = read_checkpoint(checkpoint)
        if state["settings"] != str(settings):
            raise InputError(
                f"{checkpoint} is of a training with other settings; give the same, or delete it"
            )
        generator.load_state_dict(state["generator"])
        averaged.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        first = int(state["step"])
    people: dict[str, list[tuple[int, int]]] = {}
    for row, example in enumerate(examples):
        moments = [(row, moment) for moment in range(len(example.rendered))]
        people.setdefault(example.person, []).extend(moments)
    persons = sorted(people)
    losses: list[float] = []
    for step in range(first, settings.steps):
        rng = np.random.default_rng((settings.seed, step))  # a training gone on with is the same
        chosen = rng.choice(len(persons), settings.batch)
        picked = [people[persons[p]][rng.integers(len(people[persons[p]]))] for p in chosen]
        batch = [torch.from_numpy(a) for a in batch_of(examples, picked, settings, rng)]
        done = step / settings.steps
        rate = 1.0 if done < 0.5 else 1.0 - (1.0 - settings.final_rate) * (2 * done - 1)
        optimiser.param_groups[0]["lr"] = settings.learning_rate * rate
        loss = loss_of(generator, batch, settings)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
        decay = min(settings.averaging, step / (step + 10))
        with torch.no_grad():
            for mean, weight in zip(averaged.parameters(), generator.parameters(), strict=True):
                mean.lerp_(weight, 1 - decay)
        if (step + 1) % every == 0 or step + 1 == settings.steps:
            report(step + 1, float(np.mean(losses)))
            losses.clear()
            if checkpoint is not None:
                kept = {
                    "generator": generator.state_dict(),
                    "averaged": averaged.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step + 1,
                    "settings": str(settings),
                }
                write_checkpoint(kept, checkpoint)
    return averaged.eval()


def batch_of(
    examples: Sequence[Example],
    picked: Sequence[tuple[int, int]],
    settings: GeneralTraining,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Windows `(2B, 9, c, c)` and goals `(2B, 3, c, c)` in [-1, 1], masks of face and of mouth
    `(2B, 1, c, c)`, identities `(2B, n)`: B earlier frames, then the B that follow them. A random
    part of each moment, mirrored half of the time, its light varied."""
    windows, goals = [], []
    faces: list[Floats] = []
    mouths: list[Floats] = []
    for row, moment in picked:
        example = examples[row]
        crop = min(settings.crop, settings.size)
        cut = _cut(example.mouth[moment], crop, settings.near_mouth, rng)
        flip = -1 if rng.random() < 0.5 else 1
        gain = np.float32(rng.uniform(1 - settings.brightness, 1 + settings.brightness))

        def part(pictures: Ints, cut: tuple[slice, slice] = cut, flip: int = flip) -> Floats:
            return np.asarray(pictures[(..., *cut, slice(None))][..., ::flip, :], np.float32)

        face, mouth = (
            part(mask[moment][..., None]) / np.float32(255)
            for mask in (example.face, example.mouth)
        )
        rendered, real = part(example.rendered[moment]), part(example.real[moment])

        def light(picture: Floats, gain: np.float32 = gain) -> Floats:
            lit: Floats = np.minimum(picture * gain, 255) / np.float32(127.5) - np.float32(1)
            return lit

        stacked = [light(rendered[k : k + WINDOW]) for k in range(FOLLOWING)]
        windows.append([w.transpose(0, 3, 1, 2).reshape(-1, crop, crop) for w in stacked])
        goals.append(light(real).transpose(0, 3, 1, 2))
        for masks, mask in ((faces, face), (mouths, mouth)):
            masks.append(np.repeat(mask.transpose(2, 0, 1)[None], FOLLOWING, axis=0))
    identity = np.stack([examples[row].identity for row, _ in picked])

    def by_time(parts: list[Floats] | list[list[Floats]]) -> Floats:
        joined = np.asarray(parts, np.float32)  # (B, 2, ...)
        return np.ascontiguousarray(joined.swapaxes(0, 1)).reshape(-1, *joined.shape[2:])

    pictures = by_time(windows), by_time(goals), by_time(faces), by_time(mouths)
    return *pictures, np.tile(identity, (FOLLOWING, 1))


def _cut(
    mouth: Ints, crop: int, near_mouth: float, rng: np.random.Generator
) -> tuple[slice, slice]:
    room = len(mouth) - crop
    down, right = rng.integers(0, room + 1, 2)
    if rng.random() < near_mouth and mouth.any():
        middle = [int(np.flatnonzero(mouth.any(axis=1 - axis)).mean()) for axis in (0, 1)]
        wander = rng.integers(-crop // 4, crop // 4 + 1, 2)
        down, right = np.clip(np.array(middle) + wander - crop // 2, 0, room)
    return slice(down, down + crop), slice(right, right + crop)


def loss_of(generator: Generator, batch: Sequence[Tensor], settings: GeneralTraining) -> Tensor:
    """The loss of the module's docstring, of what `batch_of` makes."""
    window, goal, face, mouth, identity = batch
    colour, attention = generator(window, identity)
    refined = blend(window[:, -3:], colour, attention)
    weight = (ELSEWHERE + (1 - ELSEWHERE) * face) * (1 + settings.mouth_weight * mouth)
    difference = refined - goal
    loss = reconstruction_loss(refined, goal, weight)
    loss = loss + settings.gradient_weight * gradient_loss(refined, goal, weight)
    earlier, later = difference.chunk(FOLLOWING)
    flicker = (mouth.chunk(FOLLOWING)[-1] * (later - earlier).abs()).mean()
    return loss + settings.temporal_weight * flicker
