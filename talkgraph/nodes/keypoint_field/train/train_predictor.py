"""Training of a light keypoint detector and predictor: what speech and head pose do to a photo.

The detector learns to find the mesh's keypoints in a photo. The predictor learns how they go on
from there, from the tracked keypoints of a photo and some noise in the place of the detector's
error, which drops out where the detector finds the photo's keypoints too. Lips count more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkgraph.nodes.keypoint_field.mesh_keypoints import groups
from talkgraph.nodes.keypoint_field.networks import COARSE, SIZE, WINDOW
from talkgraph.nodes.keypoint_field.pose_box import drawn
from talkgraph.nodes.keypoint_field.train.light_predictor import LightDetector, LightPredictor
from talkgraph.nodes.keypoint_field.train.spoken import (
    Spoken,
    SpokenClip,
    drawn_window,
    keypoints_in,
    window_of,
)
from talkgraph.nodes.keypoint_field.train.timed import Report, Timed, train_for
from talkgraph.nodes.signals import correlation

PX = SIZE * (COARSE - 1) / (2 * COARSE)  # in one unit of a keypoint's position
_LIPS = ("upper lip", "lower lip", "left mouth corner", "right mouth corner")
_SOFT_PX = 1.0  # errors below count squared


@attrs.frozen(kw_only=True)
class PredictorTraining(Timed):
    """Settings of the training.

    windows: of 64 frames, per step.
    photos: of these windows, per step, in which the detector looks for keypoints.
    noise: of the photo's keypoints as the predictor is given them, px.
    lips: what an error of a keypoint of the lips counts, beside others.
    bends: weight of an error of 1 of a Jacobian's number, in px.
    pace: weight of the error of the motion from frame to frame.
    """

    windows: int = 24
    photos: int = 4
    rate: float = 2e-3
    noise: float = 2.0
    lips: float = 4.0
    bends: float = 4.0
    pace: float = 2.0
    decay: float = 1e-2


@attrs.frozen(kw_only=True)
class PredictorScore:
    """People that were never trained on; errors are means over frames, px of 256.

    found: of the photo's keypoints.
    still, made, unheard: of the keypoints' motion since the photo, if there is none, as predicted,
        and predicted of another part of the speech.
    lips_*: the same of lips in the face: less the motion of the other keypoints' middle.
    opening, opening_unheard: correlation of the gap between the lips with the tracked one.
    """

    people: int
    windows: int
    found: float
    still: float
    made: float
    unheard: float
    lips_still: float
    lips_made: float
    lips_unheard: float
    opening: float
    opening_unheard: float


def lips() -> NDArray[np.bool_]:
    """Which keypoints are of the lips, `[shape=(K,)]`."""
    return np.array([name in _LIPS for name in groups()])


def train_predictor(
    clips: Sequence[SpokenClip],
    settings: PredictorTraining,
    state: Path | None = None,
    report: Report = lambda share, step, loss: None,
) -> tuple[LightPredictor, int]:
    """Train for as long as the settings say; returns the averaged network and the steps in all.

    Args:
        clips: of a window or more.
        state: see `train_for`.
    """
    torch.manual_seed(settings.seed)
    predictor = LightPredictor(LightDetector())

    noise = torch.Generator().manual_seed(settings.seed)

    def loss_of_step(random: np.random.Generator) -> Tensor:
        windows = [drawn_window(clips, random) for _ in range(settings.windows)]
        found = loss_of_detector(predictor, windows[: settings.photos], settings)
        return found + loss_of_motion(predictor, windows, settings, noise)

    learned = [{"params": list(predictor.parameters()), "lr": settings.rate}]
    return predictor, train_for(predictor, loss_of_step, settings, learned, state, report)


def loss_of_detector(
    predictor: LightPredictor, windows: Sequence[Spoken], settings: PredictorTraining
) -> Tensor:
    """Mean error of the photos' keypoints, px."""
    value, bend = photo_keypoints(windows)
    found_value, found_bend = predictor.detector(torch.stack([one.photo for one in windows]))
    weight = _weight(settings)
    return _error(PX * (found_value - value), weight) + settings.bends * _error(
        found_bend - bend, weight
    )


def loss_of_motion(
    predictor: LightPredictor,
    windows: Sequence[Spoken],
    settings: PredictorTraining,
    noise: torch.Generator,
) -> Tensor:
    """Mean error of the keypoints' motion since the photo, and of its pace, px."""
    value, bend = photo_keypoints(windows)
    known = value + torch.randn(value.shape, generator=noise) * (settings.noise / PX)
    heard = torch.from_numpy(np.stack([one.heard for one in windows]))
    # One at a time: all boxes of a step would be 400 MB.
    boxes = torch.cat([predictor.read(_box(one)) for one in windows])
    made_value, made_bend = predictor.moved(heard, known, bend, boxes)
    goals = [keypoints_in(one.points) for one in windows]
    goal_value, goal_bend = (torch.stack(part) for part in zip(*goals, strict=True))
    away = (made_value - known[:, None]) - (goal_value - value[:, None])
    seen = torch.from_numpy(np.stack([one.seen for one in windows])).float()
    both = seen[:, 1:] * seen[:, :-1]
    weight = _weight(settings)
    return (
        _error(PX * away, weight, seen)
        + settings.bends * _error(made_bend - goal_bend, weight, seen)
        + settings.pace * _error(PX * away.diff(dim=1), weight, both)
    )


def photo_keypoints(windows: Sequence[Spoken]) -> tuple[Tensor, Tensor]:
    """Tracked keypoints of the photos, `[shape=(n, K, 2)]` and `[shape=(n, K, 2, 2)]`."""
    return keypoints_in(np.stack([one.photo_points for one in windows]))


def _box(window: Spoken) -> Tensor:
    return torch.from_numpy(drawn(window.pose))[None]


def _weight(settings: PredictorTraining) -> Tensor:
    return 1 + (settings.lips - 1) * torch.from_numpy(lips()).float()


def _error(away: Tensor, weight: Tensor, seen: Tensor | None = None) -> Tensor:
    """Mean size of vectors or matrices `away [shape=(n, (T,) K, 2 (, 2))]`, of frames `seen`."""
    numbers = 2 if away.shape[-2:] == (2, 2) else 1
    size = (away.flatten(-numbers).square().sum(-1) + _SOFT_PX**2).sqrt() - _SOFT_PX
    each = (size * weight).sum(-1) / weight.sum()
    return each.mean() if seen is None else (each * seen).sum() / seen.sum().clamp(min=1)


@torch.no_grad()
def score_predictor(predictor: LightPredictor, clips: Sequence[SpokenClip]) -> PredictorScore:
    """Score windows of every clip, one after another, as the camera saw them.

    The speech of half the clip later is what is not said there.
    """
    rows: list[dict[str, float]] = []
    for clip in clips:
        for start in range(0, len(clip) - WINDOW + 1, WINDOW):
            window = window_of(clip, start, len(rows) % len(clip.photos))
            elsewhere = np.roll(clip.heard, len(clip) // 2, axis=0)[start : start + WINDOW]
            rows.append(_scored(predictor, window, elsewhere))
    means = {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}
    return PredictorScore(people=len({one.person for one in clips}), windows=len(rows), **means)


def _scored(
    predictor: LightPredictor, window: Spoken, elsewhere: NDArray[np.float32]
) -> dict[str, float]:
    seen = window.seen
    photo, _ = keypoints_in(window.photo_points[None])
    goal = np.asarray((keypoints_in(window.points)[0] - photo).numpy() * PX, np.float64)
    found, bend = predictor.detector(window.photo[None])
    box = predictor.read(_box(window))

    def moved(heard: NDArray[np.float32]) -> NDArray[np.float64]:
        made, _ = predictor.moved(torch.from_numpy(heard)[None], found, bend, box)
        return np.asarray((made[0] - found).numpy() * PX, np.float64)

    kinds = {"still": np.zeros_like(goal), "made": moved(window.heard), "unheard": moved(elsewhere)}
    row = {"found": float(np.linalg.norm((found - photo).numpy() * PX, axis=-1).mean())}
    for kind, motion in kinds.items():
        row[kind] = _away(motion - goal, seen)
        row[f"lips_{kind}"] = _away(_of_lips(motion) - _of_lips(goal), seen)
    for name, kind in (("opening", "made"), ("opening_unheard", "unheard")):
        row[name] = correlation(_gap(kinds[kind])[seen], _gap(goal)[seen])
    return row


def _away(error: NDArray[np.floating], seen: NDArray[np.bool_]) -> float:
    return float(np.linalg.norm(error[seen], axis=-1).mean())


def _of_lips(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Motion of the lips in the face, `[shape=(T, 4, 2)]`."""
    return np.asarray(motion[:, lips()] - motion[:, ~lips()].mean(1, keepdims=True))


def _gap(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much lower than in the photo the lower lip is below the upper one, px."""
    names = list(groups())
    return np.asarray(
        motion[:, names.index("lower lip"), 1] - motion[:, names.index("upper lip"), 1]
    )
