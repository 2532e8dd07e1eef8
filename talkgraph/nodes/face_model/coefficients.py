"""The layout of the paper's 257 coefficients, in this one place (Yi et al. 2020, section 3.1).

Deng et al. 2019 write them as one vector: identity 80, expression 64, texture 80, angles 3, light
27 (three channels of nine), translation 3. Differences to our values, all handled here: their light
leaves out a constant 0.8 of the first function; it is ordered by channel, ours is (9, 3). Their
rotation matrix is the transpose of ours because it acts on rows, so that the angles are the same.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from talkgraph.nodes.values import Floats, Motion

COUNT = 257
IDENTITY = slice(0, 80)
EXPRESSION = slice(80, 144)
TEXTURE = slice(144, 224)
ANGLES = slice(224, 227)
LIGHT = slice(227, 254)
TRANSLATION = slice(254, 257)
CONSTANT_LIGHT = 0.8  # Deng et al. add it to the first coefficient of each channel


@attrs.frozen(eq=False, kw_only=True)
class Coefficients:
    """The coefficients of T frames, taken apart.

    identity `(T, 80)`, expression `(T, 64)`, texture `(T, 80)`: standard deviations.
    rotation `(T, 3)`: pitch, yaw, roll in rad.   translation `(T, 3)`: head units.
    light `(T, 9, 3)`: as `Albedo.light`, complete with the constant part.
    """

    identity: Floats
    expression: Floats
    texture: Floats
    rotation: Floats
    light: Floats
    translation: Floats

    def motion(self, fps: float) -> Motion:
        """Expression and pose as a `Motion`."""
        return Motion(
            expression=self.expression,
            rotation=self.rotation,
            translation=self.translation,
            fps=fps,
        )


def split_coefficients(vectors: ArrayLike) -> Coefficients:
    """Take `vectors [shape=(T, 257)]` apart.

    Raises:
        ValueError: another width.
    """
    rows = np.asarray(vectors, np.float32)
    if rows.ndim != 2 or rows.shape[1] != COUNT:
        raise ValueError(f"3DMM coefficients need shape (frames, {COUNT}), got {rows.shape}")
    light = rows[:, LIGHT].reshape(-1, 3, 9).swapaxes(1, 2).copy()
    light[:, 0] += CONSTANT_LIGHT
    return Coefficients(
        identity=rows[:, IDENTITY].copy(),
        expression=rows[:, EXPRESSION].copy(),
        texture=rows[:, TEXTURE].copy(),
        rotation=rows[:, ANGLES].copy(),
        light=light,
        translation=rows[:, TRANSLATION].copy(),
    )
