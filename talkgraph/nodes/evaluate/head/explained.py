"""The share of head movement that speech explains: too little is unrelated, too much is a puppet.

Of real heads, speech explains about 10 % of pitch, nothing of yaw and 15 % of how fast the head
moves. A linear model from the sound between one second before and after is fitted on some clips
and scored on others; what it reaches with the sound rolled to another place is taken off, since a
model with many columns explains a little of anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.events import SLOWEST
from talkgraph.nodes.evaluate.head.talks import HeadTalk, speed

Array = NDArray[np.float64]

TARGETS = ("pitch", "yaw", "roll", "speed")
OVER = 0.4  # s in which a displacement is taken
REACH, STEP = 1.0, 0.16  # s: the sound that is looked at, and how densely
SMOOTH = 1.5  # frames, sigma of the energy
RIDGE = 30.0  # s of frames that the penalty weighs as much as
FOLDS = 8
ROLLS = (1 / 3, 1 / 2, 2 / 3)  # of the clip
TINY = 1e-9


def explained_by_speech(talks: Sequence[HeadTalk]) -> dict[str, float]:
    """Share of the variance of each target that speech explains, matched less rolled.

    Targets are the displacement of pitch, yaw, roll over .4 s, and the log of the head's speed.
    Folds are whole clips, or stretches of the clip if there is one alone (then expect ± .1).
    """
    rolls = [_share(talks, roll) for roll in ROLLS]
    matched = _share(talks, 0.0)
    return {
        name: float(matched[k] - np.mean([rolled[k] for rolled in rolls]))
        for k, name in enumerate(TARGETS)
    }


def responses(talk: HeadTalk) -> Array:
    """What is to be explained, `[shape=(T, 4)]`, standardised."""
    half = max(1, round(OVER * talk.fps / 2))
    padded = np.pad(talk.pose[:, :3], ((half, half), (0, 0)), mode="edge")
    moved = padded[2 * half :] - padded[: -2 * half]
    fast = np.log(speed(talk.pose, talk.fps) + SLOWEST)
    return _standard(np.column_stack([moved, fast]))


def sound_around(talk: HeadTalk, roll: float = 0.0) -> Array:
    """Energy and its slope, pitch and its slope, voicing around each frame, `[shape=(T, K)]`.

    Args:
        roll: share of the clip by which the sound is rolled against the head.
    """
    from scipy.ndimage import gaussian_filter1d

    energy = gaussian_filter1d(talk.energy, SMOOTH, mode="nearest")
    pitch = gaussian_filter1d(talk.pitch, SMOOTH, mode="nearest")
    columns = np.column_stack(
        [energy, np.gradient(energy), pitch, np.gradient(pitch), talk.voiced.astype(np.float64)]
    )
    columns = np.roll(_standard(columns), round(roll * len(talk)), axis=0)
    reach, step = round(REACH * talk.fps), max(1, round(STEP * talk.fps))
    padded = np.pad(columns, ((reach, reach), (0, 0)), mode="edge")
    shifts = range(0, 2 * reach + 1, step)
    return np.concatenate([padded[s : s + len(talk)] for s in shifts], axis=1)


def _share(talks: Sequence[HeadTalk], roll: float) -> Array:
    """R² of every target, cross-validated and pooled over the clips, `[shape=(4,)]`."""
    blocks = [(sound_around(talk, roll), responses(talk)) for talk in talks]
    if len(blocks) == 1:
        x, y = blocks[0]
        blocks = list(zip(np.array_split(x, FOLDS), np.array_split(y, FOLDS), strict=True))
    folds = [blocks[k::FOLDS] for k in range(min(FOLDS, len(blocks)))]
    sums = [(_total([x.T @ x for x, _ in f]), _total([x.T @ y for x, y in f])) for f in folds]
    penalty = RIDGE * talks[0].fps
    error, whole = np.zeros(len(TARGETS)), np.zeros(len(TARGETS))
    for k, fold in enumerate(folds):
        others = [part for j, part in enumerate(sums) if j != k]
        square, right = (_total([part[i] for part in others]) for i in (0, 1))
        weights = np.linalg.solve(square + penalty * np.eye(len(square)), right)
        for x, y in fold:
            error += ((y - x @ weights) ** 2).sum(0)
            whole += (y**2).sum(0)
    return np.asarray(1 - error / np.maximum(whole, TINY))


def _total(parts: list[Array]) -> Array:
    return np.asarray(np.sum(parts, axis=0))


def _standard(x: Array) -> Array:
    return np.asarray((x - x.mean(0)) / np.maximum(x.std(0), TINY))
