"""Boxes, landmarks and the fitted face, drawn over the frames they were measured in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from talkgraph.display import Scene, preview
from talkgraph.nodes.face_fit.detect_faces import FaceBoxes
from talkgraph.nodes.face_model.face_mesh import INNER_LIPS, OUTER_LIPS, POINTS, face_mesh_triangles
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.mesh import unique_edges
from talkgraph.nodes.values import Clip, FaceFit, FaceTrack, Footage, IdentityFeature, IdentityTrack
from talkgraph.report.curves import Series, line_chart
from talkgraph.report.markup import Html, facts
from talkgraph.report.pictures import (
    box,
    dots,
    edges,
    moment,
    overlaid,
    picture_of,
    sampled,
    side_by_side,
)
from talkgraph.report.previews.motion import pose_charts
from talkgraph.report.previews.mouth import SHOWN, boxes_around, liveliest, mouths

_SHOTS = 3
_SIDE = 360  # px
_READ_BYTES = 32 << 20

Bools = NDArray[np.bool_]


@preview(FaceBoxes)
def boxes(value: FaceBoxes, scene: Scene) -> Iterator[Html]:
    """Boxes over whole frames."""
    seen = int(value.measured.sum())
    view = value.view
    hidden = int(value.hidden.sum())
    yield facts(
        faces=value.found, frames=len(value.boxes), looked_at=seen, behind_others=hidden or None
    )
    footage = scene.nearest(Footage)
    if footage is not None:
        frames = open_footage(footage, cache_bytes=_READ_BYTES)
        size = (footage.width, footage.height)
        shots = []
        corner = np.array([view.left, view.top])
        for k in sampled(len(value.boxes), _SHOTS):
            ends = value.boxes[k].reshape(2, 2) / view.scale + corner
            (left, top), (right, bottom) = ends.tolist()
            shapes = [
                box(left, top, right - left, bottom - top),
                dots(value.keypoints[k] / view.scale + corner, "points"),
            ]
            at = view.first + k
            image = picture_of(frames[at], alt=f"frame {at}", side=_SIDE)
            shots.append((overlaid(image, size, shapes), moment(at, footage.fps)))
        yield side_by_side(shots, "The box and six points of the face")


@preview(FaceTrack)
def track(value: FaceTrack, scene: Scene) -> Iterator[Html]:
    """Landmarks over frames, confidence over time, the mouth at full rate."""
    count = len(value.landmarks)
    seen = int(value.measured.sum())
    yield facts(frames=count, with_a_face=f"{seen} of {count}", landmarks=value.landmarks.shape[1])
    clip = scene.nearest(Clip)
    size = (value.size, value.size)
    shots = []
    for k in sampled(count, _SHOTS):
        ground = (
            clip.frames[k]
            if clip is not None
            else np.full((value.size, value.size, 1), 40, np.uint8)
        )
        image = picture_of(ground, alt=f"frame {k}", side=_SIDE)
        shapes = [dots(value.landmarks[k, :, :2])]
        shots.append((overlaid(image, size, shapes), moment(k, value.fps)))
    yield side_by_side(shots, "Landmarks over sampled frames")
    if count < 2:
        return
    yield line_chart(
        [Series("confidence", value.confidence, np.arange(count) / value.fps)],
        "How sure the tracker is that it sees a face",
        zero=True, gaps=gaps(value.measured, value.fps), gaps_name="no face: interpolated",
    )  # fmt: skip
    if clip is not None:
        yield _mouths(value, clip)


def _mouths(value: FaceTrack, clip: Clip) -> Html:
    step = max(1, len(value.landmarks) // 3000) if len(value.landmarks) > 9000 else 1
    upper, lower = value.landmarks[::step, 13, 1], value.landmarks[::step, 14, 1]
    start = min(liveliest(lower - upper) * step, max(0, len(value.landmarks) - SHOWN))
    lips = value.landmarks[start : start + SHOWN, [*OUTER_LIPS, *INNER_LIPS], :2]
    pictures = clip.frames[start : start + SHOWN]
    return mouths(pictures, boxes_around(lips), start, clip.fps, "The mouth in the clip")


def gaps(measured: Bools, fps: float) -> list[tuple[float, float]]:
    """Stretches of False, in seconds."""
    steps = np.flatnonzero(np.diff(np.concatenate([[True], measured, [True]]).astype(np.int8)))
    return [
        (a / fps, b / fps) for a, b in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
    ]


@preview(FaceFit)
def fit(value: FaceFit, scene: Scene) -> Iterator[Html]:
    """The mesh over frames, the reprojection error and the pose over time."""
    count, fps = len(value.error), value.motion.fps
    error = np.asarray(value.error)
    seen = error[value.measured] if value.measured.any() else error
    yield facts(
        frames=count, mean_error=f"{seen.mean():.2f} px at a face height of 256 px",
        largest_error=f"{seen.max():.2f} px", size=f"{value.size} px",
    )  # fmt: skip
    clip, model = scene.nearest(Clip), scene.nearest(FaceModel)
    if clip is not None and model is not None:
        shots = [(_meshed(value, model, clip, k), moment(k, fps)) for k in sampled(count, _SHOTS)]
        yield side_by_side(shots, "The fitted face over sampled frames")
    if count < 2:
        return
    yield line_chart(
        [Series("error", error, np.arange(count) / fps)],
        "Reprojection error: mean distance of the model to the landmarks",
        unit="px", zero=True, gaps=gaps(value.measured, fps), gaps_name="no face: interpolated",
    )  # fmt: skip
    yield pose_charts(value.motion, None)


def _meshed(value: FaceFit, model: FaceModel, clip: Clip, k: int) -> Html:
    image = picture_of(clip.frames[k], alt=f"frame {k} with the mesh", side=_SIDE)
    shape = model.shape(value.identity, value.motion.expression[k])
    placed = point_in_camera(shape, value.motion.rotation[k], value.motion.translation[k])
    points, _ = project(placed, value.size)
    mesh = _landmark_mesh(model)
    drawn = dots(points[model.landmark_vertices]) if mesh is None else edges(points, mesh)
    return overlaid(image, (value.size, value.size), [drawn])


def _landmark_mesh(model: FaceModel) -> NDArray[np.int64] | None:
    """Edges of the landmark mesh as pairs of vertices; None where landmarks are missing."""
    at = dict(zip(model.landmark_index.tolist(), model.landmark_vertices.tolist(), strict=True))
    if not all(k in at for k in range(POINTS)):
        return None
    pairs, _, _ = unique_edges(face_mesh_triangles())
    return np.array([[at[a], at[b]] for a, b in pairs.tolist()], np.int64)


@preview(IdentityFeature)
def identity(value: IdentityFeature, scene: Scene) -> Iterator[Html]:
    """The numbers themselves: two people differ all over."""
    numbers = np.asarray(value.vector)
    yield facts(numbers=len(numbers), length=f"{np.linalg.norm(numbers):.2f}")
    yield line_chart([Series("identity", numbers)], "The numbers that say who it is", x_unit="")


@preview(IdentityTrack)
def identities(value: IdentityTrack, scene: Scene) -> Iterator[Html]:
    """How like each frame's feature is to the mean of all."""
    middle = value.vectors.mean(0)
    likeness = value.vectors @ middle / max(float(np.linalg.norm(middle)), 1e-9)
    yield facts(frames=len(value.vectors), described=int(value.measured.sum()), numbers=len(middle))
    yield line_chart(
        [Series("cosine", likeness)], "Likeness to the clip's mean feature", x_unit="frames"
    )
