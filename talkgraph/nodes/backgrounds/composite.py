"""Lay the rendered face over its background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.tone import low_pass, tone_gain

Bools = NDArray[np.bool_]
Real = NDArray[np.float32]
SOLID = 128  # alpha of 255 from which a pixel belongs to the face


@node("composite", version=1, transient=True, receptive_field={"background": 0, "face": 0})
class Composite(Node):
    """The whole rendered frame of Yi et al. 2020, section 3.3: rendered face and background.

    The face fades out towards the outer boundary of its mask, inwards, so that forehead, cheeks
    and chin pass into the background's without an edge; holes of the mask show the background,
    never nothing, and so does what stands before the face there. Feathering and tone matching are
    additions to the paper.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.backgrounds import Composite
        >>> behind = Frames.from_array(np.full((1, 64, 64, 3), 50, np.uint8))
        >>> nothing = Frames.from_array(np.zeros((1, 64, 64, 4), np.uint8))
        >>> bool((Composite().run(behind, nothing)[0] == 50).all())  # no face: the background
        True
    """

    feather: float = param(
        0.025, "width over which the face fades out inwards", unit="picture sides", ge=0, le=0.5
    )
    match_tone: bool = param(
        True, "bring the render's low frequencies to those of the real face behind it"
    )
    tone_width: float = param(
        0.1, "standard deviation of the low frequencies' blur", unit="picture sides", gt=0, le=1
    )
    tone_outlier: float = param(
        30.0, "difference at which a pixel counts half for the tone", unit="levels of 255", gt=0
    )

    def run(self, background: Frames, face: Frames) -> Frames:
        """Return lazily computed frames `[shape=(T, S, S, 3), uint8]`.

        Args:
            background: `[shape=(T, S, S, 3), uint8]`; or 4 channels, alpha 0 for what stands before
                the face, which hides it.
            face: `[shape=(T, S, S, 4), uint8]`, RGBA, alpha not premultiplied.

        Raises:
            InputError: the two differ in number or size of their frames, or have other channels.
        """
        if (
            (len(background), background.shape[:2]) != (len(face), face.shape[:2])
            or background.shape[2] not in (3, 4)
            or face.shape[2] != 4
            or face.shape[0] != face.shape[1]
        ):
            raise InputError(
                f"composite: background {background} and face {face} do not fit; render the face "
                f"as square RGBA at the background's size and length"
            )

        def read(start: int, stop: int) -> Pictures:
            pairs = zip(background[start:stop], face[start:stop], strict=True)
            return np.stack([self.composed(under, over) for under, over in pairs])

        return Frames.from_function(len(face), (*face.shape[:2], 3), read)

    def composed(self, background: Pictures, face: Pictures) -> Pictures:
        """One picture `[shape=(S, S, 3), uint8]` of a background, RGB or RGBA, and an RGBA face."""
        from talkgraph.nodes.backgrounds import blending

        made, size = background[..., :3].copy(), len(face)
        top, bottom, left, right = blending.covered(face[..., 3])
        if bottom <= top:
            return made
        # One pixel more than the face, where there is one: there it ends.
        top, left = max(top - 1, 0), max(left - 1, 0)
        part = (slice(top, bottom + 1), slice(left, right + 1))
        under, over = made[part], face[part]
        alpha = (over[..., 3] / 255).astype(np.float32)
        if background.shape[2] == 4:
            alpha *= background[part][..., 3] / np.float32(255)
        share = alpha * fading(over[..., 3] >= SOLID, self.feather * size)
        _, up = low_pass(size, self.tone_width)
        gain = np.ones((up.shape[1], up.shape[1], 3), np.float32)
        if self.match_tone:
            gain = tone_gain(
                over[..., :3],
                under,
                alpha,
                width=self.tone_width,
                outlier=self.tone_outlier,
                size=size,
                corner=(top, left),
            )
        rows, columns = up[part[0]], up[part[1]]
        node = np.minimum((columns > 0).argmax(axis=1), up.shape[1] - 2).astype(np.int32)
        before = np.take_along_axis(columns, node[:, None], axis=1)[:, 0]
        blending.blend(under, over, share, np.tensordot(rows, gain, 1), node, before)
        return made


def fading(solid: Bools, width: float) -> Real:
    """1 inside, falling to 0 over `width` px inwards from the outer boundary of the face.

    Args:
        solid: `[shape=(H, W)]`, where the face is; its inner holes are no boundary, nor is the
            picture's border.
        width: px; 0 gives the filled mask itself.
    """
    from talkgraph.nodes.backgrounds.blending import depths, filled

    whole = filled(solid)
    if whole.all() or width <= 0:
        return np.asarray(whole, np.float32)
    distance = np.sqrt(depths(whole, int(np.ceil(width + 0.5)) + 1))
    depth = np.clip((distance - 0.5) / width, 0, 1)
    return np.asarray(depth * depth * (3 - 2 * depth), np.float32)
