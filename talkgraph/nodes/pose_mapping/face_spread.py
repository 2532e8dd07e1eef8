"""How far a mouth goes in speech, told by the face: what the speech does not tell.

The spread of lip opening within a clip differs between people by a factor of two, and a network
that hears can know nothing of it. But the face tells some of it: mouths that are open on the
average, and certain shapes of faces, open further. Of people that were not learned from, the log of
the spread is known to .26 with the face and to .37 without. Not in the paper.
"""

from __future__ import annotations

import math
from typing import Any, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike

from talkgraph.nodes.values import Floats

FARTHEST = 0.7  # log of the largest gain: twice or half of what people do


def _array(values: Any) -> Floats:
    return np.asarray(values, np.float32)


@attrs.frozen(kw_only=True, eq=False)
class LinearGuess:
    """bias + weights · (x - mean); mean, weights: `[shape=(n,)]`."""

    mean: Floats = attrs.field(converter=_array)
    weights: Floats = attrs.field(converter=_array)
    bias: float = attrs.field(converter=float)

    @mean.validator
    def _fit_together(self, _: Any, value: Floats) -> None:
        if value.ndim != 1 or value.shape != self.weights.shape:
            raise ValueError(f"{value.shape} means for {self.weights.shape} weights")

    def of(self, x: ArrayLike) -> float:
        """The guess for `x [shape=(n,)]`."""
        return self.bias + float(self.weights @ (np.asarray(x, np.float32) - self.mean))


@attrs.frozen(kw_only=True)
class FaceSpread:
    """Guesses of the log of a person's spread over the general one.

    clip: from the measures of the mean mouth in speech, then the identity.
    photo: from the identity alone.
    """

    clip: LinearGuess
    photo: LinearGuess

    def gain(self, identity: Floats | None, mouth: Floats | None = None) -> float:
        """By how much more than people in general the mouth moves.

        Args:
            identity: `[shape=(80,)]`; None for nobody in particular.
            mouth: measures of the mean mouth in speech, or None where no speech was seen.
        """
        if identity is None:
            guess = self.photo.bias
        elif mouth is None:
            guess = self.photo.of(identity)
        else:
            guess = self.clip.of(np.concatenate([mouth, identity]))
        return math.exp(min(max(guess, -FARTHEST), FARTHEST))

    @classmethod
    def told(cls, mouth: int, identity: int) -> Self:
        """Of a mapping whose unit is the person's own spread: the gain is 1, whatever the face."""

        def none(count: int) -> LinearGuess:
            return LinearGuess(mean=np.zeros(count), weights=np.zeros(count), bias=0.0)

        return cls(clip=none(mouth + identity), photo=none(identity))
