"""Random stretches of clips for one update, their features varied so that few clips teach more."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkgraph.nodes.pose_mapping.train.corpus import Target


@attrs.frozen(kw_only=True)
class Variation:
    """How sequences are drawn and varied.

    batch, frames: sequences per update, video frames per sequence.
    colour: std of a constant per bin and sequence (another microphone), in normalised units.
    noise: std of independent noise, likewise.
    gain: std of a factor on the features.
    shift: largest shift in feature rows (10 ms) of sound against picture.
    """

    batch: int = 8
    frames: int = 75
    colour: float = 0.2
    noise: float = 0.2
    gain: float = 0.1
    shift: int = 1


@attrs.frozen(kw_only=True, eq=False)
class Batch:
    """Sequences in the network's units, B of T frames.

    features: `[shape=(B, T, rows, bins)]`.   expression: `[shape=(B, T, 64)]`.
    pose: `[shape=(B, T, 6)]`, about the clip's mean, rad and head units.
    measured, closed: `[shape=(B, T)]` in {0, 1}.
    """

    features: Tensor
    expression: Tensor
    pose: Tensor
    measured: Tensor
    closed: Tensor


class Sequences:
    """Draws batches from clips: a person by the square root of their length, a clip by its length.

    Half of a corpus may be a few people who talk for minutes; it is of people that a net has to
    learn.
    """

    def __init__(self, targets: list[Target], variation: Variation) -> None:
        self.targets, self.variation = targets, variation
        frames = np.asarray([len(target.expression) for target in targets], np.float64)
        people = [target.example.person for target in targets]
        total = {person: 0.0 for person in people}
        for person, count in zip(people, frames, strict=True):
            total[person] += count
        chance = frames / np.sqrt([total[person] for person in people])
        self.chance = chance / chance.sum()

    def draw(self, random: np.random.Generator) -> Batch:
        """The next batch."""
        parts = [
            self._sequence(self.targets[index], random)
            for index in random.choice(len(self.targets), self.variation.batch, p=self.chance)
        ]
        stacked = (torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True))
        return Batch(**dict(zip((f.name for f in attrs.fields(Batch)), stacked, strict=True)))

    def _sequence(self, target: Target, random: np.random.Generator) -> list[NDArray[Any]]:
        frames, variation = self.variation.frames, self.variation
        start = int(random.integers(0, max(len(target.expression) - frames, 0) + 1))
        cut = slice(start, start + frames)
        features: NDArray[Any] = target.features[cut]
        if variation.shift:
            shift = int(random.integers(-variation.shift, variation.shift + 1))
            features = _shift_rows(features, shift)

        def normal(*shape: int) -> NDArray[np.float32]:
            return random.standard_normal(shape, np.float32)

        features = features * (1.0 + variation.gain * normal(1, 1, 1))
        features = features + variation.colour * normal(1, 1, features.shape[2])
        features = features + variation.noise * normal(*features.shape)
        parts = (features, target.expression[cut], target.pose[cut], target.measured[cut])
        return [_pad(part.astype(np.float32), frames) for part in (*parts, target.closed[cut])]


def _shift_rows(features: NDArray[Any], rows: int) -> NDArray[Any]:
    """Move every window by `rows`, repeating the row at the edge."""
    index = np.clip(np.arange(features.shape[1]) + rows, 0, features.shape[1] - 1)
    return features[:, index]


def _pad(part: NDArray[Any], frames: int) -> NDArray[Any]:
    """Add frames of zeros, which are unmeasured."""
    missing = frames - len(part)
    return np.pad(part, [(0, missing)] + [(0, 0)] * (part.ndim - 1)) if missing > 0 else part
