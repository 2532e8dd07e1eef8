"""The stored pairs: retrieval of the best, and the update of the one that is met or replaced.

After Yoo et al. 2019 (Coloring with limited data, section 3.2), as Yi et al. 2020 use it. All
features are of length 1, so that a dot product is their cosine.
"""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.nodes.values import Bools, Floats, Ints

LARGEST_VALUE = 0.01  # of the random numbers that pairs begin with


@attrs.define(eq=False, kw_only=True)
class Bank:
    """Pairs of key and value that change; see `RefinerMemory` for the arrays."""

    keys: Floats
    values: Floats
    ages: Ints
    indices: Ints

    @classmethod
    def empty(cls, slots: int, key_size: int, value_size: int, rng: np.random.Generator) -> Bank:
        """Pairs of no frame: random ones, of age 0."""
        keys = rng.uniform(-LARGEST_VALUE, LARGEST_VALUE, (slots, key_size)).astype(np.float32)
        values = rng.uniform(0, LARGEST_VALUE, (slots, value_size)).astype(np.float32)
        return cls(
            keys=unit(keys),
            values=values / values.sum(1, keepdims=True),
            ages=np.zeros(slots, np.int64),
            indices=np.full(slots, -1, np.int64),
        )

    def retrieve(self, queries: Floats, count: int) -> tuple[Ints, Floats]:
        """The pairs whose keys are most like each query, and the cosines, largest first.

        Args:
            queries: `[shape=(B, K)]`, of length 1.
            count: how many; all where there are fewer.

        Returns:
            slots `[shape=(B, count), int64]` and cosines `[shape=(B, count), float32]`.
        """
        scores = queries @ self.keys.T
        count = min(count, scores.shape[1])
        best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable")
        slots = np.take_along_axis(best, order, 1).astype(np.int64)
        return slots, np.take_along_axis(scores, slots, 1)

    def update(
        self, queries: Floats, features: Floats, indices: Ints, noise: Floats, same: float
    ) -> Bools:
        """Meet pairs: each updates the one that it is near to, or takes the place of an old one.

        A pair is met where the best key's value agrees with the feature by more than `same`: its
        key moves halfway to the query and its age is 0. Every query without such a pair replaces
        one of the oldest.

        Args:
            queries: spatial features `[shape=(B, K)]`.
            features: the identity features that go with them, `[shape=(B, n)]`, of length 1.
            indices: `[shape=(B,)]`, the frames they are of.
            noise: `[shape=(S,)]`, added to the ages where the oldest are looked for.

        Returns:
            Which queries replaced a pair, `[shape=(B,)]`.
        """
        best = (queries @ self.keys.T).argmax(1)
        met = (self.values[best] * features).sum(1) > same
        near = best[met]
        moved = unit(self.keys[near] + queries[met])
        self.ages += 1
        self.keys[near] = moved
        self.ages[near] = 0
        new = np.flatnonzero(~met)
        oldest = np.argsort(-(self.ages + noise), kind="stable")[: len(new)]
        new = new[: len(oldest)]  # more than there are pairs: the first ones
        self.keys[oldest] = queries[new]
        self.values[oldest] = features[new]
        self.indices[oldest] = indices[new]
        self.ages[oldest] = 0
        return np.asarray(~met, np.bool_)


def unit(vectors: Floats) -> Floats:
    """Rows brought to length 1."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return scaled
