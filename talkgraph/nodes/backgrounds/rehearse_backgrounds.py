"""Backgrounds for the refiner's training pairs: the clip re-enacts itself on its other frames.

Rendering a frame over its own background would teach the refiner to copy what it will never be
given. In a talk the background is some other frame of the clip, bent to the pose; so it is here.
"""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.values import Backgrounds, FaceFit


@node("rehearse_backgrounds", version=1)
class RehearseBackgrounds(Node):
    """Training pairs for section 3.4: the clip's own motion over displaced backgrounds.

    The clip is cut into short segments; each takes its backgrounds from a stretch displaced by a
    random number of frames, so that windows of three frames stay continuous as in a talk.

    Example:
        >>> from talkgraph.nodes.backgrounds import RehearseBackgrounds
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> rehearsal = RehearseBackgrounds().run(synthetic_fit(frames=100))
        >>> rehearsal.source.shape, bool((rehearsal.source == range(100)).all())
        ((100,), False)
    """

    segment: float = param(1.0, "length of a stretch with one displacement", unit="s", gt=0)
    nearest: float = param(0.2, "smallest displacement", unit="s", ge=0)
    farthest: float = param(2.0, "largest displacement", unit="s", gt=0)
    seed: int = param(0, "seed of the displacements", ge=0)

    def run(self, fit: FaceFit) -> Backgrounds:
        """Pair every frame with a background from elsewhere in the clip.

        Raises:
            InputError: `nearest` is larger than `farthest`.
        """
        if self.nearest > self.farthest:
            raise InputError(
                f"rehearse_backgrounds: nearest ({self.nearest} s) is larger than farthest"
                f" ({self.farthest} s): make it smaller"
            )
        motion = fit.motion
        count = len(motion.rotation)
        random = np.random.default_rng(self.seed)
        source = np.arange(count)
        length = max(1, round(self.segment * motion.fps))
        low = round(self.nearest * motion.fps)
        high = min(round(self.farthest * motion.fps), count - 1)
        for start in range(0, count, length):
            stop = min(start + length, count)
            shifts = np.arange(-high, high + 1)
            inside = (start + shifts >= 0) & (stop - 1 + shifts < count)
            shifts = shifts[inside & (np.abs(shifts) >= min(low, high))]
            if len(shifts):
                source[start:stop] += random.choice(shifts)
        return Backgrounds(source=source, keyframes=np.arange(0, count, length), motion=motion)
