"""Training of a light keypoint field: reconstruct frames of a clip from another one of it.

Differences of colour and of its gradients, at full size and at a quarter, weigh more in the face,
most at lips and eyes; the moved photo alone is held against the goal too, so that the field moves
as much as it can before anything is painted. There is no adversary and no network that judges: a
CPU has no time for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.nodes.keypoint_field.train.light import FOLD, LightGenerator, LightMotion
from talkgraph.nodes.keypoint_field.train.pairs import (
    Example,
    Pair,
    box_around,
    drawn_pair,
    pair_of,
)
from talkgraph.nodes.training.checkpoint import read_checkpoint, write_checkpoint
from talkgraph.nodes.training.folds import person_folds

_SOFT = 1e-6  # squared: below it a difference counts squared
_LONGEST_STEP = 1.0  # norm of the gradient
_SAVED_EVERY = 120.0  # s
_WARM_STEPS = 30

Report = Callable[[float, int, float], None]
"""Called after each step with the share of the time that is over, the step and the loss."""


@attrs.frozen(kw_only=True)
class FieldTraining:
    """Settings of the training.

    minutes: how long to train, earlier runs that are gone on with not counted.
    clips, frames: per step, and of each the photo and those that it should become.
    reach_rate: of learning, for what a keypoint reaches; the rest has `rate`.
    average: weight of the past in the running average of weights, which is kept.
    held_out: people are split into this many groups; the first is never trained on.
    """

    minutes: float = 60.0
    clips: int = 2
    frames: int = 4
    rate: float = 6e-4
    reach_rate: float = 3e-3
    average: float = 0.995
    held_out: int = 5
    seed: int = 0


@attrs.frozen(kw_only=True)
class FieldScore:
    """People that were never trained on, mean PSNR in dB in the box of the face, and of the mouth.

    still: the photo itself.   moved: it moved by the field alone.   made: the generated frame.
    """

    people: int
    pairs: int
    face_still: float
    face_moved: float
    face_made: float
    mouth_still: float
    mouth_made: float


class LightField(nn.Module):
    """Both networks."""

    def __init__(self) -> None:
        super().__init__()
        self.motion = LightMotion()
        self.generator = LightGenerator()

    def forward(self, pair: Pair) -> tuple[Tensor, Tensor]:
        """The moved photo and the generated frames, `[shape=(n - 1, 3, 256, 256)]` each."""
        photo, rest = slice(0, 1), slice(1, None)
        field, seen = self.motion(
            pair.pictures[photo], pair.value[photo], pair.jacobian[photo],
            pair.value[rest], pair.jacobian[rest],
        )  # fmt: skip
        moved = self.generator.moved(pair.pictures[photo], field)
        return moved, self.generator(pair.pictures[photo], field, seen)


def split(
    examples: Sequence[Example], settings: FieldTraining
) -> tuple[list[Example], list[Example]]:
    """Those to train on, and those of people held out."""
    held = person_folds(examples, settings.held_out, settings.seed)[0]
    return (
        [one for one in examples if one.person not in held],
        [one for one in examples if one.person in held],
    )


def train_field(
    examples: Sequence[Example],
    settings: FieldTraining,
    state: Path | None = None,
    report: Report = lambda share, step, loss: None,
) -> tuple[LightField, int]:
    """Train for as long as the settings say; returns the averaged networks and the steps in all.

    Args:
        state: file that holds all that is needed to go on; gone on with where it is there, and
            written every two minutes and at the end.
    """
    torch.manual_seed(settings.seed)
    field = LightField()
    reaching = [field.motion.log_reach, field.motion.beyond]
    known = {id(p) for p in reaching}
    rest = [p for p in field.parameters() if id(p) not in known]
    rates = (settings.reach_rate, settings.rate)
    optimiser = torch.optim.Adam(
        [{"params": reaching}, {"params": rest}], lr=settings.rate, betas=(0.9, 0.98)
    )
    average = {name: value.clone() for name, value in field.state_dict().items()}
    step = 0
    if state is not None and state.is_file():
        stored = read_checkpoint(state)
        field.load_state_dict(stored["field"])
        optimiser.load_state_dict(stored["optimiser"])
        average, step = stored["average"], int(stored["step"])
    random = np.random.default_rng([settings.seed, step])
    began = saved = time.monotonic()
    while (over := time.monotonic() - began) < 60 * settings.minutes:
        loss = torch.zeros(())
        for _ in range(settings.clips):
            pair = drawn_pair(examples, settings.frames, random)
            loss = loss + loss_of(field, pair) / settings.clips
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(field.parameters(), _LONGEST_STEP)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / _WARM_STEPS)
        optimiser.step()
        step += 1
        past = min(settings.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in field.state_dict().items():
                average[name].lerp_(value, 1 - past)
        report(over / (60 * settings.minutes), step, float(loss.detach()))
        if state is not None and time.monotonic() - saved > _SAVED_EVERY:
            saved = time.monotonic()
            _save(state, field, optimiser, average, step)
    if state is not None:
        _save(state, field, optimiser, average, step)
    field.load_state_dict(average)
    return field.eval(), step


def _save(
    state: Path,
    field: LightField,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
    step: int,
) -> None:
    whole = {
        "field": field.state_dict(), "optimiser": optimiser.state_dict(), "average": average,
        "step": step,
    }  # fmt: skip
    write_checkpoint(whole, state)


def loss_of(field: LightField, pair: Pair) -> Tensor:
    """Of the generated frames, and half as much of the moved photo."""
    moved, made = field(pair)
    goal, weights = pair.pictures[1:], pair.weights[1:]
    return _difference(made, goal, weights) + 0.5 * _difference(moved, goal, weights)


def _difference(made: Tensor, goal: Tensor, weights: Tensor) -> Tensor:
    away = made - goal
    across, down = away[..., :, 1:] - away[..., :, :-1], away[..., 1:, :] - away[..., :-1, :]
    return (
        _soft(away, weights)
        + _soft(across, weights[..., :, 1:])
        + _soft(down, weights[..., 1:, :])
        + 0.5 * _soft(F.avg_pool2d(away, FOLD), F.avg_pool2d(weights, FOLD))
    )


def _soft(away: Tensor, weights: Tensor) -> Tensor:
    return (weights * (away**2 + _SOFT).sqrt()).sum() / (3 * weights.sum())


def score_field(field: LightField, examples: Sequence[Example]) -> FieldScore:
    """What the field does with people that it never saw: the first frame of a clip moved to those
    at a third and two thirds of it, one clip a person."""
    from talkgraph.nodes.face_model.face_mesh import OUTER_LIPS

    first = {one.person: one for one in reversed(examples) if len(one) >= 3}
    rows = []
    for example in first.values():
        at = np.array([0, len(example) // 3, 2 * len(example) // 3])
        pair = pair_of(example, at)
        with torch.no_grad():
            moved, made = field(pair)
        for k, points in enumerate(example.points[at[1:]]):
            goal = pair.pictures[k + 1]
            tried = (pair.pictures[0], moved[k], made[k].clamp(0, 1))
            face, mouth = box_around(points, 0), box_around(points[list(OUTER_LIPS)])
            rows.append([_psnr((one - goal)[:, *box]) for box in (face, mouth) for one in tried])
    means = [float(mean) for mean in np.mean(rows, axis=0)]
    return FieldScore(
        people=len(first), pairs=len(rows),
        face_still=means[0], face_moved=means[1], face_made=means[2],
        mouth_still=means[3], mouth_made=means[5],
    )  # fmt: skip


def _psnr(difference: Tensor) -> float:
    return float(-10 * torch.log10((difference**2).mean() + 1e-9))


def parameters_of(field: LightField) -> int:
    """How many numbers were learned."""
    return sum(value.numel() for value in field.parameters())
