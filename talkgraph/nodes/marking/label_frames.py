"""Writes into every frame that it is synthetic, for all to see."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import GraphError

MARGIN = 0.5  # line heights, around the words and to the border
SHADE = 0.55  # of the strip behind the words, 1 black
LONGEST = 80  # letters


@node("label_frames", version=1, transient=True, receptive_field={"frames": 0})
class LabelFrames(Node):
    """Words on a dark strip in the lower left corner.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.marking import LabelFrames
        >>> grey = Frames.from_array(np.full((1, 128, 256, 3), 128, np.uint8))
        >>> labelled = LabelFrames().run(grey)[0]
        >>> bool((labelled[:64] == 128).all()), bool((labelled[64:] == 128).all())
        (True, False)
    """

    text: str = param("AI-generated", f"the words, at most {LONGEST} letters")
    height: float = param(0.05, "of the words", unit="picture heights", gt=0, le=0.5)

    def run(self, frames: Frames) -> Frames:
        """Return lazy frames `[shape=(T, H, W, 3), uint8]` of such `frames`."""
        if frames.shape[2] != 3:
            raise GraphError(f"label_frames: expected RGB frames, got {frames}")
        words = " ".join(self.text.split())
        if not 0 < len(words) <= LONGEST:
            raise GraphError(
                f"label_frames: `text` has {len(words)} letters; give 1 to {LONGEST} of them"
            )
        strip, left, top = self._strip(words, *frames.shape[:2])
        height, width = strip.shape
        behind, white = np.float32(1 - SHADE) * (1 - strip[..., None]), 255 * strip[..., None]

        def labelled(picture: Pictures) -> Pictures:
            made = picture.copy()
            part = made[top : top + height, left : left + width]
            part[:] = np.rint(part * behind + white)
            return made

        return frames.map(labelled)

    def _strip(self, words: str, height: int, width: int) -> tuple[Any, int, int]:
        """How white each pixel of the strip is, `[float32]`, 0 to 1, and its left upper corner."""
        from PIL import Image, ImageDraw, ImageFont

        size = max(6.0, self.height * height)
        while True:
            font = ImageFont.load_default(size)
            margin = round(MARGIN * size)
            x0, y0, x1, y1 = map(round, font.getbbox(words))
            across, down = x1 - x0 + 2 * margin, y1 - y0 + 2 * margin
            if size <= 6 or (across + margin <= width and down + margin <= height):
                break
            size = max(6.0, 0.9 * size)  # words that are too long for the picture become smaller
        image = Image.new("L", (across, down))
        ImageDraw.Draw(image).text((margin - x0, margin - y0), words, 255, font)
        top, left = max(height - down - margin, 0), min(margin, max(width - across, 0))
        strip = np.asarray(image, np.float32)[: height - top, : width - left] / 255
        return strip, left, top
