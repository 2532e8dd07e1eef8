"""How far each clip's mouth goes, and learning to guess it from the face.

A ridge regression in which each person counts once. Its weight was chosen by cross-validation among
the people that a fold learns from; every fold chose the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.pose_mapping.face_spread import FaceSpread, LinearGuess
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Example, corpus_facts

RIDGE = 1.0  # of the standardised face
LARGEST = 1.2  # log of the largest spread over the general one that a clip is given
FULL_FRAMES = 150  # a shorter clip's spread is known less well, and counts less


def expression_facts(examples: Sequence[Example], **told: Any) -> ExpressionFacts:
    """`corpus_facts`, and what faces tell of the spread."""
    facts = corpus_facts(list(examples), **told)
    return ExpressionFacts(
        **attrs.asdict(facts, recurse=False), spread=learn_spread(examples, facts)
    )


def log_spread(example: Example, facts: MappingFacts) -> float:
    """Log of the spread of a clip's lip opening over that of people in general."""
    opening = facts.readout.of(example.expression[example.measured])[:, 0]
    ratio = float(opening.std()) / float(facts.mouth_std[0]) if len(opening) else 1.0
    return min(max(math.log(max(ratio, 1e-9)), -LARGEST), LARGEST)


def in_own_spread(example: Example, facts: MappingFacts) -> Example:
    """The clip as if its mouth went as far as people's in general, about the same mean."""
    seen = example.measured if example.measured.any() else np.ones(len(example), bool)
    mean = example.expression[seen].mean(0)
    scaled = mean + (example.expression - mean) / math.exp(log_spread(example, facts))
    return attrs.evolve(example, expression=np.asarray(scaled, np.float32))


def gain_of(example: Example, facts: ExpressionFacts) -> float:
    """What the face of a clip tells of its spread."""
    seen = example.expression[example.measured] if example.measured.any() else example.expression
    return facts.spread.gain(example.identity, facts.readout.of(seen.mean(0)))


def learn_spread(examples: Sequence[Example], facts: MappingFacts) -> FaceSpread:
    """The guesses of `FaceSpread` from clips and the faces in them."""
    counted = [example for example in examples if example.measured.any()]
    clips: dict[str, int] = {}
    for example in counted:
        clips[example.person] = clips.get(example.person, 0) + 1
    weights = np.array(
        [min(1.0, int(x.measured.sum()) / FULL_FRAMES) / clips[x.person] for x in counted]
    )
    spreads = np.array([log_spread(x, facts) for x in counted])
    mouths = np.array([facts.readout.of(x.expression[x.measured].mean(0)) for x in counted])
    identities = np.array([x.identity for x in counted])
    return FaceSpread(
        clip=_ridge(np.concatenate([mouths, identities], axis=1), spreads, weights),
        photo=_ridge(identities, spreads, weights),
    )


def _ridge(
    x: NDArray[np.floating], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> LinearGuess:
    mean = np.average(x, axis=0, weights=weights)
    std = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights)) + 1e-6
    scaled = np.concatenate([(x - mean) / std, np.ones((len(x), 1))], axis=1).astype(np.float64)
    square = (scaled.T * weights) @ scaled
    square[np.diag_indices(x.shape[1])] += RIDGE * weights.sum()  # but the constant is free
    found = np.linalg.solve(square, (scaled.T * weights) @ y)
    return LinearGuess(mean=mean, weights=found[:-1] / std, bias=float(found[-1]))
