"""Hands near the face; what stands before it, and when."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.cache.frames import Pictures
from talkgraph.display import Scene, preview
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.hands import BONES, Hands
from talkgraph.nodes.values import Clip, Cover, FaceFit
from talkgraph.report.curves import Series, line_chart
from talkgraph.report.markup import Html, facts, tag
from talkgraph.report.pictures import (
    edges,
    moment,
    overlaid,
    picture_of,
    sampled,
    side_by_side,
)

_SHOWN = 4  # frames
_PAINT = np.array([230, 0, 160], np.float32)
_SHARE = 0.6  # of the paint


@preview(Hands)
def hands(value: Hands, scene: Scene) -> Iterator[Html]:
    """The bones of the hands over a few frames that show some."""
    there = value.scale > 0
    yield facts(frames=len(there), frames_with_hands=int(there.any(axis=1).sum()))
    clip, seen = scene.nearest(Clip), np.flatnonzero(there.any(axis=1))
    if clip is None or not len(seen):
        return
    size = (clip.frames.shape[1], clip.frames.shape[0])
    shots = []
    for frame in seen[sampled(len(seen), _SHOWN)].tolist():
        image = picture_of(clip.frames[frame], alt=f"frame {frame}", side=192)
        shapes = [edges(one, BONES) for one in value.joints[frame, there[frame]]]
        shots.append((overlaid(image, size, shapes), moment(frame, clip.fps)))
    yield side_by_side(shots, "Hands near the face", "strip small")


@preview(Cover)
def cover(value: Cover, scene: Scene) -> Iterator[Html]:
    """How much of the face is hidden over time, and where, in a few frames."""
    hidden = value.share.mean(axis=1) / 255
    yield facts(frames=len(hidden), frames_with_a_cover=int((hidden > 0).sum()))
    if not hidden.any():
        yield tag("p", "Nothing stands before the face.", class_="empty")
        return
    clip, fit, model = scene.nearest(Clip), scene.nearest(FaceFit), scene.nearest(FaceModel)
    fps = clip.fps if clip is not None else None
    if fps is not None and len(hidden) > 1:
        x = (np.arange(len(hidden)) + 0.5) / fps
        series = [Series("hidden", 100 * hidden, x)]
        yield line_chart(series, "How much of the face is hidden", unit="%")
    if clip is None or fit is None or model is None:
        return
    covered = np.flatnonzero(hidden)
    shots = []
    for frame in covered[sampled(len(covered), _SHOWN)].tolist():
        painted = _painted(clip.frames[frame], value.share[frame], fit, model, frame)
        shots.append((picture_of(painted, alt=f"frame {frame}", side=192), moment(frame, fps)))
    yield side_by_side(shots, "What stays before the face, painted", "strip small")


def _painted(
    picture: Pictures, share: Pictures, fit: FaceFit, model: FaceModel, frame: int
) -> Pictures:
    from talkgraph.nodes.geometry.rasterise import draw

    motion = fit.motion
    shape = model.shape(fit.identity, motion.expression[frame])
    placed = point_in_camera(shape, motion.rotation[frame], motion.translation[frame])
    xy, depth = project(placed, fit.size)
    grey = np.repeat(share[:, None] / np.float32(255), 3, axis=1)
    hides = draw(xy, depth, model.triangles, grey, fit.size, samples=1)[..., :1]
    paint = _SHARE * hides / np.float32(255)
    return np.rint(picture + paint * (_PAINT - picture)).astype(np.uint8)
