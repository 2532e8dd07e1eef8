"""What stands before the lips all the time has no usual face behind it: told by its colour."""

from __future__ import annotations

import numpy as np

from talkgraph.nodes.albedo.cover.patches import Surface
from talkgraph.nodes.albedo.cover.usual import tints
from talkgraph.nodes.face_model.skin_tone import cannot_be_lips
from talkgraph.nodes.values import Bools, Floats

FEW = 20  # vertices: of fewer a median tells little
MOST = 0.5  # of the frames: what is seen there so often is looked for in the others too


def before_lips(colour: Floats, seen: Bools, surface: Surface, unit: Floats) -> Bools:
    """Where frames show what is seen in place of the lips, if it can be none.

    Args:
        colour: `[shape=(F, V', 3)]`, sRGB in [0, 1], of the surface's vertices.
        seen: `[shape=(F, V')]`.
        unit: `[shape=(3,)]`, differences of `tints` that count alike.

    Returns:
        `[shape=(F, V')]`: the patches about the lips that look more like what is there than like
        the skin above.
    """
    found = np.zeros(seen.shape, bool)
    above = surface.height > surface.height[surface.is_lip].max()
    there = np.full((len(colour), 3), np.nan)
    skin = np.full((len(colour), 3), np.nan)
    for row, (tone, visible) in enumerate(zip(colour, seen, strict=True)):
        lips, cheeks = visible & surface.is_lip, visible & above
        if min(lips.sum(), cheeks.sum()) >= FEW:
            there[row] = np.median(tone[lips], axis=0)
            skin[row] = np.median(tone[cheeks], axis=0)
    covered = np.array(
        [bool(cannot_be_lips(255 * a, 255 * b)) for a, b in zip(there, skin, strict=True)], bool
    )
    if not covered.any():
        return found
    usual = np.median(there[covered], axis=0)
    everywhere = covered.mean() > MOST
    for row, (tone, visible) in enumerate(zip(colour, seen, strict=True)):
        if np.isfinite(skin[row]).all() and (covered[row] or everywhere):
            cover = there[row] if covered[row] else usual
            place = tints(tone) / unit
            to_cover, to_face = (
                np.linalg.norm(place - tints(one) / unit, axis=-1) for one in (cover, skin[row])
            )
            found[row] = surface.reaching((to_cover < to_face) & visible, surface.is_lip)
    return found
