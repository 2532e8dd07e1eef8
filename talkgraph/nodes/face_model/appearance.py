"""How the colours of one face change with its expression and its turn.

An albedo under nine harmonics stays what it is, while a real face folds, shines, shows teeth and
looks aside. What one frame of a clip shows beside the render of that frame is learned here as a
function of expression and head turn (after active appearance models, Cootes et al. 2001, with the
shape given): a straight line for every vertex, and, about mouth and eyes, what the frames of most
similar shape show beside that line. It is an addition to Yi et al. 2020.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.cache.values import value
from talkgraph.nodes.values import Floats, Ints, Motion

Real = NDArray[np.float64]


@value("samples")
class Samples:
    """A part of the face as K frames of the clip show it.

    vertices: `[shape=(P,), int64]`, of the part.
    share: `[shape=(P,), float32]` in [0, 1], how far the samples rule there.
    direction: `[shape=(M, 67), float32]`, the part's shape of a manner (see `manner_of`).
    shape: `[shape=(K, M), float32]`, that of every sample.
    colour: `[shape=(K, P, 3), float16]`, sRGB in [0, 1] beside the straight line.
    weight: `[shape=(K, P), float16]` in [0, 1], how well it was seen.
    frame: `[shape=(K,), int64]`, frames of the clip.
    width: difference of shapes at which a sample's weight falls by a factor of e^(1/2).
    """

    vertices: Ints
    share: Floats
    direction: Floats
    shape: Floats
    colour: NDArray[np.float16]
    weight: NDArray[np.float16]
    frame: Ints
    width: float


@value("appearance")
class Appearance:
    """Change of each vertex's shaded colour with the manner of a frame.

    centre: `[shape=(67,), float32]`, mean manner of the clip.
    direction: `[shape=(D, 67), float32]`, D features of a manner, each of deviation 1 in the clip.
    change: `[shape=(1 + D, V, 3), float32]`, sRGB in [0, 1]: constant, and per feature.
    mouth, eyes: what else is seen there.
    """

    centre: Floats
    direction: Floats
    change: Floats
    mouth: Samples
    eyes: Samples


NEAREST = 8  # samples that count at once; the weight of others is nothing
MOST = 2.5  # deviations beyond which a feature grows no further: a line ends somewhere
DOUBT = 0.15  # of the weight of a sample that is seen squarely: pulls the ill seen to the line


def manner_of(motion: Motion) -> Real:
    """Expression coefficients and head turn (rad), `[shape=(T, 67)]`."""
    return np.concatenate([motion.expression, motion.rotation], axis=1, dtype=np.float64)


def features_of(manner: Real, centre: Real | Floats, direction: Real | Floats) -> Real:
    """1 and the D features of manners `[shape=(..., 67)]`, `[shape=(..., 1 + D)]`."""
    along = (manner - centre) @ np.asarray(direction, np.float64).T
    soft = MOST * np.tanh(along / MOST)
    return np.concatenate([np.ones((*soft.shape[:-1], 1)), soft], axis=-1)


def in_single(appearance: Appearance) -> Appearance:
    """The same with its samples as float32, which is quicker to read in every frame."""

    def wide(part: Any) -> Any:
        colour, weight = part.colour.astype(np.float32), part.weight.astype(np.float32)
        return attrs.evolve(part, colour=colour, weight=weight)

    whole: Any = appearance
    made: Appearance = attrs.evolve(whole, mouth=wide(whole.mouth), eyes=wide(whole.eyes))
    return made


def colour_change(
    appearance: Appearance, manner: Real, apart: tuple[int, int] | None = None
) -> Floats:
    """What to add to the shaded colours of a frame, `[shape=(V, 3), float32]`.

    Args:
        appearance: of the person.
        manner: `[shape=(67,)]`.
        apart: samples of these frames of the clip, first to last, do not count.
    """
    features = features_of(manner, appearance.centre, appearance.direction).astype(np.float32)
    flat = appearance.change.reshape(len(features), -1)
    added: Floats = (features @ flat).reshape(-1, 3)
    for part in (appearance.mouth, appearance.eyes):
        added[part.vertices] += _sampled(part, manner, apart)
    return added


def recoloured(
    lit: ArrayLike, appearance: Appearance, manner: Real, apart: tuple[int, int] | None = None
) -> Floats:
    """Shaded colours `[shape=(V, 3)]` as a frame of that manner shows them, sRGB in [0, 1].

    The change was learned against colours as they are shown, so it is added to those. Arguments as
    for `colour_change`.
    """
    changed = np.clip(np.asarray(lit), 0, 1) + colour_change(appearance, manner, apart)
    return np.asarray(np.clip(changed, 0, 1), np.float32)


def _sampled(part: Samples, manner: Real, apart: tuple[int, int] | None) -> Floats:
    away = part.shape - part.direction @ manner
    distance = np.einsum("km,km->k", away, away) / part.width**2
    if apart is not None:
        distance[(part.frame >= apart[0]) & (part.frame <= apart[1])] = np.inf
    if not np.isfinite(distance).any():
        return np.zeros((len(part.vertices), 3), np.float32)
    near = np.argsort(distance, kind="stable")[:NEAREST]
    trust = np.exp(-0.5 * (distance[near] - distance[near[0]])).astype(np.float32)
    weight = trust[:, None] * part.weight[near].astype(np.float32, copy=False)
    total = np.einsum("kp,kpc->pc", weight, part.colour[near].astype(np.float32, copy=False))
    scale = part.share / (weight.sum(axis=0) + np.float32(DOUBT) * trust.sum())
    return np.asarray(total * scale[:, None], np.float32)
