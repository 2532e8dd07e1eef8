"""Looks for the watermark in a video."""

from __future__ import annotations

from collections.abc import Iterator

from talkgraph import engine
from talkgraph.cache.frames import Frames, Pictures
from talkgraph.cache.values import value
from talkgraph.engine import Node, node, param
from talkgraph.nodes.marking.pattern.remains import remains
from talkgraph.nodes.marking.pattern.search import Match, search
from talkgraph.nodes.marking.pattern.tile import tile_of


@value("watermark")
class Watermark:
    """Whether a video carries the watermark.

    found: whether it does, as far as `false_alarm` allows.
    score: of the best place, in standard deviations of chance.
    false_alarm: upper bound on the probability that an unmarked video looks as much so; the
        whole picture needs less of a score for the same bound than a part of unknown place.
    share: of the marked picture's shorter side that is seen; it says something only if found.
    mirrored: whether the picture is, left to right.
    first: the frame at which the best part begins.
    """

    found: bool
    score: float
    false_alarm: float
    share: float
    mirrored: bool
    first: int


@node("find_mark", version=1)
class FindMark(Node):
    """Whether `mark_frames` marked a video, be it compressed, cut, cropped, resized or mirrored.

    Every part of some seconds is looked at by itself, so that a marked part of a longer video is
    found too. The bound on false alarms holds for any video: see `pattern.search`.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.marking import FindMark, MarkFrames
        >>> noise = np.random.default_rng(0).integers(118, 138, (1, 128, 128, 3), dtype=np.uint8)
        >>> plain = Frames.from_array(np.repeat(noise, 4, axis=0))
        >>> FindMark().run(plain).found, FindMark().run(MarkFrames().run(plain)).found
        (False, True)
    """

    key: int = param(0, "which pattern; 0 is that of every graph", ge=0)
    false_alarm: float = param(
        1e-4, "probability of finding it in an unmarked video, at most", gt=0, lt=1
    )
    part: int = param(375, "length of the parts", unit="frames", ge=1)
    every: int = param(6, "one of so many frames is looked at", unit="frames", ge=1)

    def run(self, frames: Frames) -> Watermark:
        """Look at `frames [shape=(T, H, W, 3), uint8]`."""
        tile = tile_of(self.key)
        starts = range(0, max(len(frames) - self.part // 2, 1), self.part)
        best, first = Match(score=0.0, chance=1.0, share=1.0, mirrored=False), 0
        for done, start in enumerate(starts):
            engine.progress(done, len(starts))
            found = search(remains(self._pictures(frames, start)), tile)
            if (found.chance, -found.score) < (best.chance, -best.score):
                best, first = found, start
        chance = min(1.0, best.chance * len(starts))  # each part is one more try
        return Watermark(
            found=chance <= self.false_alarm,
            score=best.score,
            false_alarm=chance,
            share=best.share,
            mirrored=best.mirrored,
            first=first,
        )

    def _pictures(self, frames: Frames, start: int) -> Iterator[Pictures]:
        for at in range(start, min(start + self.part, len(frames)), self.every):
            yield frames[at]
