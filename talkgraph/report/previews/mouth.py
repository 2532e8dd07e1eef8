"""Where the mouth is in every frame, to look at it frame by frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.display import Scene
from talkgraph.nodes.face_model.face_mesh import INNER_LIPS, MOUTH, OUTER_LIPS
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.values import Backgrounds, Clip, FaceFit, Motion
from talkgraph.report.markup import Html, figure, tag
from talkgraph.report.media import file_frames
from talkgraph.report.pictures import moment, picture_of

SHOWN = 25  # frames: one second
_ROOM = 1.7  # side of the crop over the width of the lips

Boxes = NDArray[np.float64]


def boxes_around(lips: NDArray[np.floating]) -> Boxes:
    """Centre and side of a square around `lips [shape=(T, n, 2)]`, of one side for all frames."""
    low, high = lips.min(axis=1), lips.max(axis=1)
    side = _ROOM * float(np.median((high - low)[:, 0]))
    centre = (low + high) / 2
    return np.concatenate([centre, np.full((len(lips), 1), side)], axis=1)


def _lip_vertices(model: FaceModel, points: tuple[int, ...]) -> NDArray[np.int64]:
    at = dict(zip(model.landmark_index.tolist(), model.landmark_vertices.tolist(), strict=True))
    return np.array([at[one] for one in points if one in at], np.int64)


def projected(
    motion: Motion, fit: FaceFit, model: FaceModel, vertices: NDArray[np.int64], frames: slice
) -> NDArray[np.floating]:
    """Some vertices in px of the fit's picture, `[shape=(T, n, 2)]`, for a range of frames."""
    at = model.landmark_vertices[:0] if not len(vertices) else vertices
    basis = model.expression_basis[at].reshape(3 * len(at), -1)
    neutral = model.neutral(fit.identity)[at]
    moved = (np.asarray(motion.expression[frames]) @ basis.T).reshape(-1, len(at), 3)
    placed = point_in_camera(neutral + moved, motion.rotation[frames], motion.translation[frames])
    return np.asarray(project(placed, fit.size)[0])


def opening(motion: Motion, model: FaceModel, step: int = 1) -> NDArray[np.float64]:
    """Gap of the inner lips over the width of the mouth at rest, of every `step`-th frame."""
    upper, lower, left, right = (
        _lip_vertices(model, (point,))
        for point in (MOUTH.upper, MOUTH.lower, MOUTH.left, MOUTH.right)
    )
    if not all(map(len, (upper, lower, left, right))):
        return np.zeros(0)
    rest = model.mean_shape[upper] - model.mean_shape[lower]
    basis = model.expression_basis[upper] - model.expression_basis[lower]
    gap = rest[0] + np.asarray(motion.expression[::step], np.float64) @ basis[0].T
    width = np.linalg.norm(model.mean_shape[left] - model.mean_shape[right])
    return np.asarray(gap[:, 1] / max(float(width), 1e-6))


def output_mouths(scene: Scene) -> tuple[int, Boxes] | None:
    """First frame and boxes, in px of the head picture, of the second that moves most."""
    fit, model, chosen = (
        scene.nearest(FaceFit),
        scene.nearest(FaceModel),
        scene.nearest(Backgrounds),
    )
    if fit is None or model is None or chosen is None:
        return None
    vertices = _lip_vertices(model, (*OUTER_LIPS, *INNER_LIPS))
    if not len(vertices):
        return None
    start = liveliest(opening(chosen.motion, model))
    part = slice(start, start + SHOWN)
    return start, boxes_around(projected(chosen.motion, fit, model, vertices, part))


def liveliest(gap: NDArray[np.floating]) -> int:
    """First frame of the second in which the mouth moves most."""
    if len(gap) <= SHOWN:
        return 0
    travelled = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(gap)))])
    return int(np.argmax(travelled[SHOWN - 1 :] - travelled[: len(travelled) - SHOWN + 1]))


def strip_of_output(scene: Scene, path: Path) -> Html | None:
    """The mouth in a finished video, one second at full rate, where it moves most."""
    found, clip, chosen = output_mouths(scene), scene.nearest(Clip), scene.nearest(Backgrounds)
    if found is None or clip is None or chosen is None:
        return None
    start, boxes = found
    scale = clip.crop.side / clip.frames.shape[0]
    boxes = boxes * scale + np.array([clip.crop.left, clip.crop.top, 0.0])
    pictures = file_frames(path, start, len(boxes))
    return mouths(pictures, boxes, start, chosen.motion.fps, "The mouth in the finished video")


def mouths(pictures: Pictures, boxes: Boxes, start: int, fps: float, what: str) -> Html:
    """Crops of consecutive frames from frame `start` on, at full rate."""
    shots = []
    for k, (picture, (x, y, side)) in enumerate(zip(pictures, boxes, strict=False)):
        crop = cut_square(picture, x, y, side)
        shots.append(picture_of(crop, alt=f"mouth at {moment(start + k, fps)}", side=96))
    first, last = start / fps, (start + len(shots)) / fps
    caption = f"{what}: every frame from {first:.2f} to {last:.2f} s, where it moves most"
    return figure(tag("div", *shots, class_="mouths"), caption)


def cut_square(frame: Pictures, x: float, y: float, side: float) -> Pictures:
    """The square of a side around a place; what lies outside repeats the border."""
    half = max(1.0, side / 2)
    rows = np.clip(np.arange(round(y - half), round(y + half)), 0, frame.shape[0] - 1)
    columns = np.clip(np.arange(round(x - half), round(x + half)), 0, frame.shape[1] - 1)
    return frame[rows[:, None], columns]
