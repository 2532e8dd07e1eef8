"""How far a turned face reaches beyond its own outline: the contour that hides the far cheek.

In a turned face, what ends it in a picture is no fixed line on it: cheek and nose stand before the
far end of the oval. Zhu et al. 2015 ("High-fidelity pose and expression normalization for face
recognition in the wild") march from the hidden outline to the contour along parallels of the face;
here along rays from the face's middle, in the picture, which also holds for looks up and down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

SECTORS = 96  # of the circle about the middle, each as far as what is furthest in it


def overhang(face: Real, outline: Real, middle: Real, slack: float) -> Real:
    """What leads from each point of a face's outline, away from its middle, to its contour.

    Args:
        face: places of the face's vertices, `[shape=(W, 2)]`, px.
        outline: those of its outline in order, `[shape=(B, 2)]`, px.
        middle: `[shape=(2,)]`, px, within the face.
        slack: what the face may reach beyond its outline without being said to, px.

    Returns:
        `[shape=(B, 2)]`, px; 0 where the outline itself ends the face.
    """
    furthest = np.zeros(SECTORS)
    _, sector, radius = _polar(face - middle)
    np.maximum.at(furthest, sector, radius)
    angle, sector, radius = _polar(outline - middle)
    order = np.argsort(angle)
    centres = (np.arange(SECTORS) + 0.5) * (2 * np.pi / SECTORS)
    own = np.interp(centres, angle[order], radius[order], period=2 * np.pi)
    beyond = np.maximum(furthest - own - slack, 0)
    reach = np.interp(angle, centres, beyond, period=2 * np.pi)
    away = (outline - middle) / np.maximum(radius, 1e-9)[:, None]
    return np.asarray(reach[:, None] * away, np.float64)


def _polar(places: Real) -> tuple[Real, NDArray[np.int64], Real]:
    """Angle in [0, 2 pi), sector and radius of `places [shape=(N, 2)]`."""
    angle = np.arctan2(places[:, 1], places[:, 0]) % (2 * np.pi)
    sector = np.minimum((angle * (SECTORS / (2 * np.pi))).astype(np.int64), SECTORS - 1)
    return angle, sector, np.hypot(places[:, 0], places[:, 1])
