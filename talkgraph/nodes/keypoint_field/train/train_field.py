"""Training of a light keypoint field: reconstruct frames of a clip from another one of it.

Differences of colour and of its gradients, at full size and at a quarter, weigh more in the face,
most at lips and eyes; the moved photo alone is held against the goal too, so that the field moves
as much as it can before anything is painted. There is no adversary and no network that judges: a
CPU has no time for them.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from talkgraph.nodes.keypoint_field.train.timed import Report, Timed, train_for

_SOFT = 1e-6  # squared: below it a difference counts squared


@attrs.frozen(kw_only=True)
class FieldTraining(Timed):
    """Settings of the training.

    clips, frames: per step, and of each the photo and those that it should become.
    reach_rate: of learning, for what a keypoint reaches; the rest has `rate`.
    """

    clips: int = 2
    frames: int = 4
    rate: float = 6e-4
    reach_rate: float = 3e-3


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


def train_field(
    examples: Sequence[Example],
    settings: FieldTraining,
    state: Path | None = None,
    report: Report = lambda share, step, loss: None,
) -> tuple[LightField, int]:
    """Train for as long as the settings say; returns the averaged networks and the steps in all.

    Args:
        state: see `train_for`.
    """
    torch.manual_seed(settings.seed)
    field = LightField()
    reaching = [field.motion.log_reach, field.motion.beyond]
    known = {id(p) for p in reaching}
    rest = [p for p in field.parameters() if id(p) not in known]

    def loss_of_step(random: np.random.Generator) -> Tensor:
        pairs = (drawn_pair(examples, settings.frames, random) for _ in range(settings.clips))
        return torch.stack([loss_of(field, pair) for pair in pairs]).mean()

    groups = [
        {"params": reaching, "lr": settings.reach_rate},
        {"params": rest, "lr": settings.rate},
    ]
    return field, train_for(field, loss_of_step, settings, groups, state, report)


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


def parameters_of(network: nn.Module) -> int:
    """How many numbers were learned."""
    return sum(value.numel() for value in network.parameters())
