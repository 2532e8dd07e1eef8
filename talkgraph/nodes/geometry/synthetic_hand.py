"""A made-up hand for tests and benchmarks: flesh about bones, with light from above."""

from __future__ import annotations

import numpy as np

from talkgraph.nodes.geometry.hands import FINGERS, JOINTS, WRIST, Hands
from talkgraph.nodes.values import Bools, Floats

# Metres from the wrist, x to the right, y down; fingers point up, the thumb is on the left.
_ROOTS = ((-0.028, -0.02), (-0.028, -0.088), (-0.003, -0.092), (0.019, -0.086), (0.038, -0.074))
_TURNS = ((-45, -35, -25), (-9,) * 3, (-1,) * 3, (6,) * 3, (15,) * 3)  # degrees, clockwise
_LENGTHS = (
    (0.038, 0.034, 0.028),
    (0.045, 0.026, 0.021),
    (0.050, 0.030, 0.022),
    (0.046, 0.028, 0.022),
    (0.036, 0.020, 0.020),
)
_BONES = ((0, 5), (0, 9), (0, 13), (0, 17), (0, 1), (1, 5))  # that fill the palm
_BONE = (0.017, 0.013)  # m; half the breadth at both ends
_ARM = (0.25, 0.024, 0.034)  # m; length of the forearm, half its breadth at wrist and elbow
_LIFT = 0.004  # m; by which fingers stand out from the palm
_SOFT = 0.003  # m; to which its surface is rounded
_LIGHT = np.array([-0.4, -0.5, 0.75]) / np.linalg.norm([0.4, 0.5, 0.75])
_AMBIENT, _DIRECT = 0.45, 0.6


def hand_joints(wrist: tuple[float, float], scale: float, turn: float = 0.0) -> Floats:
    """Joints of an open hand, `[shape=(21, 2), float32]`, px.

    Args:
        wrist: px.   scale: px per metre.   turn: rad, clockwise as seen; 0 points up.
    """
    joints = np.zeros((JOINTS, 2))
    for finger, (root, turns, lengths) in enumerate(zip(_ROOTS, _TURNS, _LENGTHS, strict=True)):
        place = np.array(root)
        joints[1 + 4 * finger] = place
        angles = np.radians(turns)
        steps = np.array(lengths)[:, None] * np.stack([np.sin(angles), -np.cos(angles)], axis=1)
        for number, step in enumerate(steps):
            place = place + step
            joints[2 + 4 * finger + number] = place
    cos, sin = np.cos(turn), np.sin(turn)
    turned = joints @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(scale * turned + np.array(wrist), np.float32)


def draw_hand(
    size: int, joints: Floats, scale: float, skin: tuple[float, float, float]
) -> tuple[Floats, Bools]:
    """A hand in a square picture.

    Args:
        size: px.   joints, scale: as `hand_joints` has them.   skin: sRGB, 0 to 255.

    Returns:
        colours `[shape=(size, size, 3), float32]`, 0 to 255, and where the hand is
        `[shape=(size, size)]`.
    """
    from scipy.ndimage import gaussian_filter

    y, x = np.mgrid[:size, :size] + 0.5
    pixels = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    height = np.full(len(pixels), -1.0)
    for a, b, at_a, at_b, lift in _flesh(joints.astype(float), scale):
        along = b - a
        part = np.clip((pixels - a) @ along / (along @ along), 0, 1)
        apart = np.linalg.norm(pixels - (a + part[:, None] * along), axis=1) / scale
        thick = at_a + part * (at_b - at_a)
        dome = np.sqrt(np.maximum(thick**2 - apart**2, 0)) + lift
        height = np.where(apart < thick, np.maximum(height, dome), height)
    inside = (height >= 0).reshape(size, size)
    raised = np.where(height >= 0, height, 0).reshape(size, size)
    down, across = np.gradient(scale * gaussian_filter(raised, _SOFT * scale))
    normal = np.stack([-across, -down, np.ones_like(down)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = _AMBIENT + _DIRECT * np.clip(normal @ _LIGHT, 0, 1)
    between = np.clip((raised - gaussian_filter(raised, 2 * _SOFT * scale)) / (2 * _SOFT), -1, 0)
    shaded = np.asarray(skin) * (light * (1 + between / 2))[..., None]
    return np.clip(shaded, 0, 255).astype(np.float32), inside


def synthetic_hands(joints: Floats, scale: float, there: Bools) -> Hands:
    """One hand, unmoved, in the frames `there [shape=(T,)]`."""
    return Hands(
        joints=np.repeat(joints[None, None], len(there), axis=0).astype(np.float32),
        scale=np.where(there, scale, 0)[:, None].astype(np.float32),
    )


def _flesh(joints: Floats, scale: float) -> list[tuple[Floats, Floats, float, float, float]]:
    """Capsules: both ends, half the breadth at each (m), by how much it stands out (m)."""
    made = [(joints[a], joints[b], *_BONE, 0.0) for a, b in _BONES]
    for finger, breadths in enumerate(FINGERS):
        for number in range(3):
            joint = 1 + 4 * finger + number
            ends = joints[joint], joints[joint + 1]
            made.append((*ends, breadths[number], breadths[number + 1], _LIFT * (finger > 0)))
    away = joints[WRIST] - joints[9]
    length, at_wrist, at_elbow = _ARM
    elbow = joints[WRIST] + length * scale * away / np.linalg.norm(away)
    return [*made, (joints[WRIST], elbow, at_wrist, at_elbow, 0.0)]
