"""Lay the rendered face over its background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.tone import tone_gain

Real = NDArray[np.float32]


@node("composite", version=1, transient=True, receptive_field={"background": 0, "face": 0})
class Composite(Node):
    """The whole rendered frame of Yi et al. 2020, section 3.3: rendered face and background.

    The face fades out towards the outer boundary of its mask, inwards, so that forehead, cheeks
    and chin pass into the background's without an edge; holes of the mask show the background,
    never nothing. Feathering and tone matching are additions to the paper.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> behind = Frames.from_array(np.full((1, 64, 64, 3), 50, np.uint8))
        >>> nothing = Frames.from_array(np.zeros((1, 64, 64, 4), np.uint8))
        >>> bool((Composite().run(behind, nothing)[0] == 50).all())  # no face: the background
        True
    """

    feather: float = param(
        0.035, "width over which the face fades out inwards", unit="picture sides", ge=0, le=0.5
    )
    match_tone: bool = param(
        True, "bring the render's low frequencies to those of the real face behind it"
    )
    tone_width: float = param(
        0.06, "standard deviation of the low frequencies' blur", unit="picture sides", gt=0, le=1
    )
    tone_outlier: float = param(
        30.0, "difference at which a pixel counts half for the tone", unit="levels of 255", gt=0
    )

    def run(self, background: Frames, face: Frames) -> Frames:
        """Return lazily computed frames `[shape=(T, S, S, 3), uint8]`.

        Args:
            background: `[shape=(T, S, S, 3), uint8]`.
            face: `[shape=(T, S, S, 4), uint8]`, RGBA, alpha not premultiplied.

        Raises:
            InputError: the two differ in number or size of their frames, or have other channels.
        """
        if (len(background), background.shape) != (len(face), (*face.shape[:2], 3)) or (
            face.shape[2] != 4 or face.shape[0] != face.shape[1]
        ):
            raise InputError(
                f"composite: background {background} and face {face} do not fit; render the face "
                f"as square RGBA at the background's size and length"
            )

        def read(start: int, stop: int) -> Pictures:
            pairs = zip(background[start:stop], face[start:stop], strict=True)
            return np.stack([self.composed(under, over) for under, over in pairs])

        return Frames.from_function(len(face), background.shape, read)

    def composed(self, background: Pictures, face: Pictures) -> Pictures:
        """One picture `[shape=(S, S, 3), uint8]` of a background and an RGBA face."""
        alpha = (face[..., 3] / 255).astype(np.float32)
        if not alpha.any():
            return background.copy()
        under, over = background.astype(np.float32), face[..., :3].astype(np.float32)
        fade = alpha * fading(alpha, self.feather * len(face))
        if self.match_tone:
            over *= tone_gain(over, under, alpha, width=self.tone_width, outlier=self.tone_outlier)
        mixed = under + fade[..., None] * (over - under)
        return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def fading(alpha: Real, width: float) -> Real:
    """1 inside, falling to 0 over `width` px inwards from the outer boundary of `alpha`.

    Args:
        alpha: `[shape=(S, S)]` in [0, 1]; its inner holes are no boundary, nor is the picture's
            border.
        width: px; 0 gives the filled mask itself.
    """
    from scipy.ndimage import binary_fill_holes, distance_transform_edt

    filled = binary_fill_holes(alpha >= 0.5)
    if filled.all() or width <= 0:
        return np.asarray(filled, np.float32)
    rows, columns = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
    result = np.zeros(alpha.shape, np.float32)
    if not len(rows):
        return result
    # The distance is wanted near the face only: one pixel more than its box is enough.
    box = (
        slice(max(rows[0] - 1, 0), rows[-1] + 2),
        slice(max(columns[0] - 1, 0), columns[-1] + 2),
    )
    depth = np.clip((distance_transform_edt(filled[box]) - 0.5) / width, 0, 1)
    result[box] = depth * depth * (3 - 2 * depth)
    return result
