"""Who is to be seen in rendered frames: the identity features that a memory has for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.cache.frames import CHUNK, Frames, Pictures
from talkgraph.nodes.refine.memory.bank import Bank, unit
from talkgraph.nodes.refine.memory.smoothing import anchors, between
from talkgraph.nodes.refine.memory.spatial import open_spatial, pooled
from talkgraph.nodes.values import Floats, RefinerMemory


class Recall:
    """A memory that is asked about the frames of one video.

    Args:
        every: frames from one anchor to the next, between which the features are interpolated.
        node: that asks, for messages.

    Raises:
        ModelError: the memory's network is no spatial one, or another than its keys are of.
    """

    def __init__(self, memory: RefinerMemory, every: int, node: str) -> None:
        self._session = open_spatial(memory.network, node, "memory")
        self._memory = memory
        self._bank = Bank(
            keys=memory.keys, values=memory.values, ages=memory.ages, indices=memory.indices
        )
        self._every = every
        self._kept: dict[int, Floats] = {}

    def features(self, pictures: Pictures) -> Floats:
        """What is retrieved for frames `[shape=(N, S, S, 3), uint8]`, `[shape=(N, n), float32]`:
        the value of the nearest key."""
        spatial = pooled(self._session, pictures)
        queries = unit(spatial @ self._memory.weight.T + self._memory.bias)
        slots, _ = self._bank.retrieve(queries, 1)
        found: Floats = self._memory.values[slots[:, 0]]
        return found

    def of(self, frames: Frames, start: int, stop: int) -> Floats:
        """Features of a range of frames that can be read anywhere, smoothed."""
        at = anchors(start, stop, len(frames), self._every)
        kept = self._kept  # replaced as a whole: several threads may read the frames
        found = {a: kept[a] if a in kept else self._at(frames, a) for a in at.tolist()}
        self._kept = found
        return between(at, np.stack(list(found.values())), start, stop)

    def _at(self, frames: Frames, anchor: int) -> Floats:
        found: Floats = self.features(frames[anchor][None])[0]
        return found

    def walk(self, frames: Frames) -> Iterator[tuple[Pictures, Floats]]:
        """Frames that can be read once, piece by piece, each with the features of its own.

        A piece reaches up to the next anchor: no more than so many frames wait.
        """
        waiting, start = np.empty((0, *frames.shape), np.uint8), 0
        known: dict[int, Floats] = {}
        for chunk in frames.chunks(CHUNK):
            waiting = np.concatenate([waiting, chunk])
            seen = start + len(waiting)
            while start < len(frames):
                stop = min(start + self._every, len(frames))
                at = anchors(start, stop, len(frames), self._every)
                if at[-1] >= seen:
                    break
                for anchor in at.tolist():
                    if anchor not in known:
                        known[anchor] = self.features(waiting[anchor - start][None])[0]
                made = between(at, np.stack([known[a] for a in at.tolist()]), start, stop)
                yield waiting[: stop - start], made
                known = {a: v for a, v in known.items() if a >= stop}
                waiting, start = waiting[stop - start :], stop
