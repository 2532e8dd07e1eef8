"""Hands before a face: where a hand is seen, and the face does not look as it does without.

A network finds joints of hidden hands too, so that one behind the head or beside a cheek reaches
into the face. Before the face it is only where the face's own colours are gone; as skin covers
skin this is asked of the hand as a whole, and held against how much the same place changes in
frames without hands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.hands import Hands, within_hand
from talkgraph.nodes.values import Bools, Floats

ENOUGH = 0.5  # of the hand's place must be seen in a frame that it is held against
USUALLY = 0.9  # share of these frames that look less strange there
FEW = 5  # frames: with fewer to hold it against, a hand in the face's place counts as before it


def within_hands(hands: Hands, frame: int, places: Floats) -> Bools:
    """Which places in a frame, `[shape=(n, 2)]`, px, lie within a hand: `[shape=(n,)]`."""
    inside = np.zeros(len(places), bool)
    for joints, scale in zip(hands.joints[frame], hands.scale[frame], strict=True):
        if scale > 0:
            inside |= within_hand(places, joints, float(scale))
    return inside


def before_face(away: Floats, seen: Bools, known: Bools, touched: Bools, times: float) -> Bools:
    """In which frames hands stand before the face.

    Args:
        away: `[shape=(F, V)]`, how far each vertex is from its usual colour.
        seen: `[shape=(F, V)]`, or where a hand may hide it.
        known: `[shape=(V,)]`, whether its usual colour is known.
        touched: `[shape=(F, V)]`, vertices within a hand.
        times: how many times stranger than usual the face must look there.

    Returns:
        `[shape=(F,)]`.
    """
    there = touched.any(axis=1)
    free = np.flatnonzero(~there)
    before = np.zeros(len(away), bool)
    for frame in np.flatnonzero(there):
        hidden = touched[frame] & seen[frame]
        place = hidden & known
        shown = seen[np.ix_(free, place)]
        held = free[shown.mean(axis=1) >= ENOUGH] if place.any() else free[:0]
        if len(held) < FEW or place.sum() < ENOUGH * hidden.sum():
            before[frame] = True
            continue
        usual = _mean(away[np.ix_(held, place)], seen[np.ix_(held, place)])
        before[frame] = away[frame, place].mean() > times * np.quantile(usual, USUALLY)
    return before


def _mean(values: Floats, where: Bools) -> NDArray[np.float64]:
    """Mean over the last axis of those that count."""
    total = (values * where).sum(axis=1, dtype=np.float64)
    return np.asarray(total / np.maximum(where.sum(axis=1), 1), np.float64)
