"""Puts an invisible watermark into every frame."""

from __future__ import annotations

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import GraphError
from talkgraph.nodes.marking.pattern.tile import UNITS, plane, tile_of

BLOCK = 8  # units of 1/256 of the shorter side
WHITE_FROM = np.float32(215)  # levels, from where on it is less


@node("mark_frames", version=1, transient=True, receptive_field={"frames": 0})
class MarkFrames(Node):
    """A faint pattern, the same in every frame, that `find_mark` finds again.

    It is added to luma, more where the picture is busy than where it is even and the eye would see
    it, and least where it is evenly white. Whatever the picture, its error is at most `busy` levels
    (root mean square) and a rounding: a PSNR of 45 dB.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.marking import MarkFrames
        >>> grey = Frames.from_array(np.full((1, 256, 256, 3), 128, np.uint8))
        >>> marked = MarkFrames().run(grey)[0].astype(int) - 128
        >>> bool(np.abs(marked).max() <= 4), round(float((marked**2).mean() ** 0.5), 1)
        (True, 1.2)
    """

    key: int = param(0, "which pattern; 0 is the one that everybody looks for", ge=0)
    even: float = param(1.1, "strength where nothing is", unit="levels of 255", ge=0, le=8)
    busy: float = param(
        1.38, "strength where the picture is busy", unit="levels of 255", ge=0, le=8
    )
    white: float = param(0.5, "strength where all is white", unit="levels of 255", ge=0, le=8)
    busy_from: float = param(
        4.0, "difference of neighbours that makes it busy", unit="levels of 255", gt=0
    )

    def run(self, frames: Frames) -> Frames:
        """Return lazy frames `[shape=(T, H, W, 3), uint8]` of such `frames`."""
        height, width, channels = frames.shape
        if channels != 3:
            raise GraphError(f"mark_frames: expected RGB frames, got {frames}")
        from talkgraph.nodes.marking.pattern.overlay import activity, overlay

        pattern = plane(tile_of(self.key), height, width)
        block = max(2, round(BLOCK * min(height, width) / UNITS))

        def marked(picture: Pictures) -> Pictures:
            differing, level = activity(picture, block)
            busy = np.minimum(differing / np.float32(self.busy_from), 1)
            white = np.clip((level - WHITE_FROM) / np.float32(255 - WHITE_FROM), 0, 1)
            even = np.float32(self.even) + np.float32(self.white - self.even) * white
            weight = even + (np.float32(self.busy) - even) * busy
            made = np.empty_like(picture)
            overlay(picture, pattern, weight, block, made)
            return made

        return frames.map(marked)
