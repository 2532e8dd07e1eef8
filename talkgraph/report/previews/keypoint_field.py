"""Keypoints over the photo, the motion between them as colours, and what cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.display import Scene, preview
from talkgraph.nodes.values import Clip, Keypoints, MotionField
from talkgraph.report.markup import Html, facts
from talkgraph.report.pictures import dots, moment, overlaid, picture_of, sampled, side_by_side

_SHOTS = 3
_SIDE = 256  # px
_MAP = 64  # positions along a side of a motion field
_FULL_COLOUR = 0.15  # of half the photo's side: a motion of this and more is fully coloured


@preview(Keypoints)
def keypoints(value: Keypoints, scene: Scene) -> Iterator[Html]:
    """Where they are in sampled frames, over the photo."""
    count, points = value.position.shape[:2]
    yield facts(frames=count, keypoints=points)
    clip = scene.nearest(Clip)
    ground: Pictures = np.full((_SIDE, _SIDE, 1), 40, np.uint8)
    if clip is not None and len(clip.frames):
        ground = clip.frames[0]
    side = len(ground)
    shots = []
    for k in sampled(count, _SHOTS):
        at = ((np.asarray(value.position[k]) + 1) / 2 * (_MAP - 1) + 0.5) * side / _MAP
        image = picture_of(ground, alt=f"keypoints of frame {k}", side=_SIDE)
        shots.append((overlaid(image, (side, side), [dots(at, "points")]), moment(k, value.fps)))
    yield side_by_side(shots, "Keypoints of sampled frames, over the photo")


@preview(MotionField)
def motion_field(value: MotionField, scene: Scene) -> Iterator[Html]:
    """Direction and size of the motion as colours; the seen share as light."""
    count = len(value.deformation)
    yield facts(
        frames=count, unseen=f"{1 - float(np.mean(value.occlusion)):.1%}" if count else None
    )
    moved, seen = [], []
    for k in sampled(count, _SHOTS):
        colours = coloured(np.asarray(value.deformation[k]))
        moved.append((picture_of(colours, alt=f"motion of frame {k}"), moment(k, value.fps)))
        light = (255 * np.clip(np.asarray(value.occlusion[k]), 0, 1)).astype(np.uint8)
        seen.append((picture_of(light[..., None], alt=f"seen in {k}"), moment(k, value.fps)))
    if count:
        yield side_by_side(
            moved, "Where parts are taken from: the hue is the direction, pale stands still"
        )
        yield side_by_side(seen, "How much of each part the photo shows; dark is painted anew")


def coloured(deformation: NDArray[np.floating]) -> Pictures:
    """The way from each position to where it is taken from, as colours on white.

    Args:
        deformation: `[shape=(h, w, 2)]`, see `MotionField`.

    Returns:
        `[shape=(h, w, 3), uint8]`: white for no motion, red for one to the right, a third of the
        circle on green, then blue.
    """
    height, width = deformation.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    away = deformation - np.stack([x, y], axis=-1)
    strength = np.clip(np.linalg.norm(away, axis=-1) / _FULL_COLOUR, 0, 1)[..., None]
    angle = np.arctan2(away[..., 1], away[..., 0])
    thirds = angle[..., None] - np.array([0, 2, 4]) * np.pi / 3
    hue = np.clip(0.5 + np.cos(thirds), 0, 1)
    colours: Pictures = np.rint(255 * (1 - strength * (1 - hue))).astype(np.uint8)
    return colours
