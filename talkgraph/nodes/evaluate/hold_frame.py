"""`hold_frame`: a picture that stands still, in the place of a made video, for a baseline."""

from __future__ import annotations

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node
from talkgraph.errors import InputError


@node("hold_frame", version=1, transient=True)
class HoldFrame(Node):
    """The last frame of a clip for as long as another lasts: what PSNR thinks of no video at all.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.evaluate import HoldFrame
        >>> clip, real = (Frames.from_array(np.zeros((n, 8, 8, 3), np.uint8)) for n in (3, 5))
        >>> HoldFrame().run(clip, real)
        Frames(5 x (8, 8, 3))
    """

    def run(self, clip: Frames, real: Frames) -> Frames:
        """Return as many frames as `real` has, all of them the last of `clip`.

        Raises:
            InputError: `clip` has none.
        """
        if not len(clip):
            raise InputError("hold_frame got a clip without frames; give one with a frame or more")
        last = clip[len(clip) - 1 : len(clip)]

        def read(start: int, stop: int) -> Pictures:
            return np.repeat(last, stop - start, axis=0)

        return Frames.from_function(len(real), clip.shape, read)
