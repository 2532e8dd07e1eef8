"""Training of a light head pose predictor: how a head moves while speech is said.

Its loss asks for the pose, for its pace, and that it moves as much as people do, which a squared
error alone would not: speech tells little of the head, and what is not told it would leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import numpy as np
import torch
from torch import Tensor

from talkgraph.models.audio2head.head_pose import POSE, STATE, HeadPose
from talkgraph.nodes.keypoint_field.networks import WINDOW
from talkgraph.nodes.keypoint_field.train.spoken import (
    Spoken,
    SpokenClip,
    drawn_window,
    window_of,
)
from talkgraph.nodes.keypoint_field.train.timed import Report, Timed, train_for
from talkgraph.nodes.signals import correlation

WIDTH, BASE, DEPTHS = 64, 8, (1, 1, 1, 1)
"""Of the light network; the published one has 256, 64 and (3, 4, 6, 3)."""

_UNIT = (0.1, 0.1, 0.1, 5.0, 5.0, 15.0)  # rad and mm in which errors are told: a usual motion
_RANGE = 1.15  # what the network can say, in the range of its training


@attrs.frozen(kw_only=True)
class HeadPoseTraining(Timed):
    """Settings of the training.

    windows: of 64 frames, per step.
    pace: weight of the error of the motion from frame to frame, which is a tenth of the pose's.
    spread: weight of the error of the spread in a window.
    """

    windows: int = 16
    rate: float = 1e-3
    pace: float = 5.0
    spread: float = 1.0
    decay: float = 1e-2


@attrs.frozen(kw_only=True)
class HeadPoseScore:
    """People that were never trained on.

    still, made, unheard: mean error of the turn since the window's beginning in degrees, if there
        is none, as predicted, and predicted of another part of the speech.
    spread: standard deviation of the turn in a window, made over real, median over windows.
    pitch, pitch_unheard: correlation of the pitch with the real one.
    first: mean error of the turn that the photo is seen in, degrees.
    """

    people: int
    windows: int
    first: float
    still: float
    made: float
    unheard: float
    spread: float
    pitch: float
    pitch_unheard: float


def train_head_pose(
    clips: Sequence[SpokenClip],
    settings: HeadPoseTraining,
    state: Path | None = None,
    report: Report = lambda share, step, loss: None,
) -> tuple[HeadPose, int]:
    """Train for as long as the settings say; returns the averaged network and the steps in all.

    Args:
        clips: of a window or more; the extremes of their poses are those of the network.
        state: see `train_for`.
    """
    torch.manual_seed(settings.seed)
    network = HeadPose(WIDTH, BASE, DEPTHS)
    poses = np.concatenate([one.pose[one.seen] for one in clips])
    low, high = np.percentile(poses, [0.5, 99.5], axis=0)
    # Those of mirrored heads, and of nearer and shifted ones, are within.
    reach = np.maximum.reduce([np.abs(low), np.abs(high), _UNIT])
    depth = np.arange(POSE) == POSE - 1
    low = np.where(depth, low / _RANGE, -_RANGE * reach)
    high = _RANGE * np.where(depth, high, reach)
    network.lowest.copy_(torch.from_numpy(low))
    network.highest.copy_(torch.from_numpy(high))

    def loss_of_step(random: np.random.Generator) -> Tensor:
        windows = [drawn_window(clips, random, from_photo=True) for _ in range(settings.windows)]
        return loss_of(network, windows, settings)

    groups = [{"params": list(network.parameters()), "lr": settings.rate}]
    return network, train_for(network, loss_of_step, settings, groups, state, report)


def loss_of(network: HeadPose, windows: Sequence[Spoken], settings: HeadPoseTraining) -> Tensor:
    """Error of pose, pace and spread, in units of a usual motion."""
    unit = torch.tensor(_UNIT)
    goal = torch.from_numpy(np.stack([one.pose for one in windows])).float() / unit
    seen = torch.from_numpy(np.stack([one.seen for one in windows])).float()[..., None]
    made = _predicted(network, windows) / unit
    both = seen[:, 1:] * seen[:, :-1]
    away = _mean((made - goal).abs(), seen)
    pace = _mean((made - goal).diff(dim=1).abs(), both)
    spread = (made.std(dim=1) - goal.std(dim=1)).abs().mean()
    return away + settings.pace * pace + settings.spread * spread


def _mean(x: Tensor, seen: Tensor) -> Tensor:
    return (x * seen).sum() / (seen.sum() * x.shape[-1]).clamp(min=1)


def _predicted(network: HeadPose, windows: Sequence[Spoken]) -> Tensor:
    """The pose before each frame, `[shape=(n, T, 6)]`: each photo is the window's first frame."""
    heard = torch.from_numpy(np.stack([one.heard for one in windows]))
    photo = torch.stack([one.photo for one in windows])
    nothing = torch.zeros(len(windows), STATE, WIDTH), torch.zeros(len(windows), 1)
    poses: Tensor = network(heard, photo, *nothing)[0]
    return poses[:, :-1]


@torch.no_grad()
def score_head_pose(network: HeadPose, clips: Sequence[SpokenClip]) -> HeadPoseScore:
    """Score a window from every photo of every clip, as the camera saw it.

    The speech of half the clip later is what is not said there.
    """
    rows: list[dict[str, float]] = []
    for clip in clips:
        for number, start in enumerate(clip.photo_at):
            window = window_of(clip, int(start), number)
            elsewhere = np.roll(clip.heard, len(clip) // 2, axis=0)[start : start + WINDOW]
            rows.append(_scored(network, window, attrs.evolve(window, heard=elsewhere)))
    means = {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}
    means["spread"] = float(np.median([row["spread"] for row in rows]))
    return HeadPoseScore(people=len({one.person for one in clips}), windows=len(rows), **means)


def _scored(network: HeadPose, window: Spoken, elsewhere: Spoken) -> dict[str, float]:
    seen = window.seen
    goal = np.rad2deg(window.pose[:, :3])
    made, unheard = (
        np.rad2deg(_predicted(network, [one])[0, :, :3].double().numpy())
        for one in (window, elsewhere)
    )

    def away(turn: np.ndarray) -> float:
        error = (turn - turn[0]) - (goal - goal[0])
        return float(np.linalg.norm(error[seen], axis=1).mean())

    def spread(turn: np.ndarray) -> float:
        return float(np.sqrt(turn[seen].var(0).sum()))

    return {
        "first": float(np.linalg.norm(made[0] - goal[0])),
        "still": away(np.zeros_like(goal)),
        "made": away(made),
        "unheard": away(unheard),
        "spread": spread(made) / max(spread(goal), 1e-6),
        "pitch": correlation(made[seen, 0], goal[seen, 0]),
        "pitch_unheard": correlation(unheard[seen, 0], goal[seen, 0]),
    }
