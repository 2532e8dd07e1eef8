"""Hands as a camera sees them: joints, and which points of a picture lie within the hand.

A hand is drawn from its joints as flesh about bones: fingers are capsules that taper towards their
tips, the palm is filled between wrist and knuckles.
"""

from __future__ import annotations

import numpy as np

from talkgraph.cache.values import value
from talkgraph.nodes.values import Bools, Floats, Ints

JOINTS = 21  # the wrist, then four of each finger from the thumb on, tips last
WRIST = 0
KNUCKLES = (5, 9, 13, 17)
BONES: Ints = np.array(
    [(WRIST, 1), *((WRIST, root) for root in KNUCKLES)]
    + [(one, one + 1) for root in (1, *KNUCKLES) for one in range(root, root + 3)]
)
"""Pairs of joints, `[shape=(20, 2)]`."""

# Half the breadth of an adult's finger at its four joints, thumb first, m; about the mean of men
# and women in Greiner, Hand Anthropometry of U.S. Army Personnel, 1991.
FINGERS = (
    (0.014, 0.012, 0.011, 0.009),
    (0.012, 0.0105, 0.0095, 0.008),
    (0.012, 0.0105, 0.0095, 0.008),
    (0.012, 0.010, 0.009, 0.0075),
    (0.011, 0.009, 0.008, 0.007),
)
_WRIST = 0.028  # m; half of its breadth
_ARM = 0.06  # m; how much of the forearm is drawn, from the wrist away from the knuckles
_PALM = ((0, 1, 5), (0, 5, 9), (0, 9, 13), (0, 13, 17), (1, 2, 5))  # with the thumb's web


@value("hands", per_frame=("joints", "scale"))
class Hands:
    """Up to H hands in every frame of a clip.

    joints: `[shape=(T, H, 21, 2), float32]`, px of the clip's frames, in the order of `JOINTS`.
    scale: `[shape=(T, H), float32]`, px per metre at the hand; 0 where there is none.
    """

    joints: Floats
    scale: Floats


def within_hand(points: Floats, joints: Floats, scale: float, margin: float = 0.0) -> Bools:
    """Which points of a picture lie within the outline of a hand.

    Args:
        points: `[shape=(n, 2)]`, px.   joints: `[shape=(21, 2)]`, px.   scale: px per metre.
        margin: m, by which the hand is made thicker.

    Returns:
        `[shape=(n,)]`.
    """
    inside = np.zeros(len(points), bool)
    for a, b, c in _PALM:
        inside |= _in_triangle(points, joints[a], joints[b], joints[c])
    for finger, breadths in enumerate(FINGERS):
        root = 1 + 4 * finger
        for number in range(3):
            thick = (scale * (breadths[number + k] + margin) for k in (0, 1))
            inside |= _in_capsule(points, joints[root + number], joints[root + number + 1], *thick)
    knuckle = scale * (FINGERS[1][0] + margin)
    wrist = scale * (_WRIST + margin)
    # The wrist is broader than its joint: two bones run beside the line from the middle knuckle.
    for root in KNUCKLES:
        inside |= _in_capsule(points, joints[WRIST], joints[root], knuckle, knuckle)
    away = joints[WRIST] - joints[9]
    away = away / max(float(np.linalg.norm(away)), 1e-6)
    inside |= _in_capsule(points, joints[WRIST], joints[WRIST] + _ARM * scale * away, wrist, wrist)
    return inside


def _in_capsule(points: Floats, a: Floats, b: Floats, at_a: float, at_b: float) -> Bools:
    """Within `at_a` of a, `at_b` of b, and what is between of the line from a to b."""
    along = b - a
    length = max(float(along @ along), 1e-9)
    part = np.clip((points - a) @ along / length, 0, 1)
    distance = np.linalg.norm(points - (a + part[:, None] * along), axis=1)
    return np.asarray(distance <= at_a + part * (at_b - at_a), bool)


def _in_triangle(points: Floats, a: Floats, b: Floats, c: Floats) -> Bools:
    sides = np.stack([_side(points, *pair) for pair in ((a, b), (b, c), (c, a))])
    return np.asarray((sides >= 0).all(axis=0) | (sides <= 0).all(axis=0), bool)


def _side(points: Floats, a: Floats, b: Floats) -> Floats:
    along, there = b - a, points - a
    return np.asarray(along[0] * there[:, 1] - along[1] * there[:, 0])
