"""Whether a pattern is the person's: found again from another stretch, and from another clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.pattern.train.corpus import Example
from talkgraph.nodes.values import Floats

Array = NDArray[np.float64]
Describe = Callable[[Floats], NDArray[np.floating]]
"""A motion `[shape=(T, 6)]` as a vector."""

LEAST_S = 6.0  # a clip that is halved
_TINY = 1e-9


@attrs.frozen(kw_only=True)
class Retrieval:
    """How often the nearest is of the same person.

    found, asked: how many.   chance: expected of guessing, per question.
    """

    found: int
    asked: int
    chance: float

    @property
    def share(self) -> float:
        """Of the questions, nan for none."""
        return self.found / self.asked if self.asked else float("nan")


def together(parts: Sequence[Retrieval]) -> Retrieval:
    """Of several groups of people, each with its own candidates."""
    asked = sum(part.asked for part in parts)
    chance = sum(part.chance * part.asked for part in parts) / max(asked, 1)
    return Retrieval(found=sum(part.found for part in parts), asked=asked, chance=chance)


def by_halves(examples: Sequence[Example], describe: Describe) -> Retrieval:
    """The first half of each clip is looked for among the second halves of all."""
    clips = [x for x in examples if len(x) >= LEAST_S * x.fps]
    if not clips:
        return Retrieval(found=0, asked=0, chance=0.0)
    firsts = np.stack([describe(_centred(x.pose[: len(x) // 2])) for x in clips])
    seconds = np.stack([describe(_centred(x.pose[len(x) // 2 :])) for x in clips])
    return _nearest(firsts, seconds, [x.person for x in clips], np.full(len(clips), -1))


def by_other_clip(examples: Sequence[Example], describe: Describe) -> Retrieval:
    """Each clip of a person who has several is looked for among all other clips."""
    vectors = np.stack([describe(_centred(x.pose)) for x in examples])
    return _nearest(vectors, vectors, [x.person for x in examples], np.arange(len(examples)))


def moments(pose: Floats, fps: float) -> Array:
    """Log spread of the pose and of its velocity, `[shape=(12,)]`: what costs nothing."""
    speed = np.gradient(pose, axis=0) * fps
    return np.log(np.concatenate([pose.std(0), speed.std(0)]) + 1e-4).astype(np.float64)


def _centred(pose: Floats) -> Floats:
    return np.asarray(pose - pose.mean(0), np.float32)


def _nearest(
    asked: NDArray[np.floating],
    offered: NDArray[np.floating],
    people: Sequence[str],
    left_out: NDArray[np.int64],
) -> Retrieval:
    """Distances in units of each number's spread over what is offered.

    Args:
        asked, offered: `[shape=(n, D)]`, of the same clips.
        people: whose they are.
        left_out: `[shape=(n,)]`, the candidate that is the question itself; -1 for none.
    """
    unit = np.maximum(offered.std(0), _TINY)
    distance = np.linalg.norm((asked[:, None] - offered[None]) / unit, axis=-1)
    found = questions = 0
    chance = 0.0
    names = np.array(people)
    for row, person, own in zip(distance, people, left_out, strict=True):
        open_ = np.arange(len(row)) != own
        right = (names == person) & open_
        if not right.any():
            continue
        questions += 1
        found += bool(right[np.where(open_, row, np.inf).argmin()])
        chance += float(right.sum() / open_.sum())
    return Retrieval(found=found, asked=questions, chance=chance / max(questions, 1))
