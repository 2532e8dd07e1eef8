"""Expression and head pose over time, the output's against the clip's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from talkgraph.display import Scene, preview
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.values import FaceFit, HeadPattern, Motion
from talkgraph.report.curves import Series, heat_map, line_chart
from talkgraph.report.markup import Html, facts, tag
from talkgraph.report.previews.mouth import opening

ANGLES = ("pitch (nodding)", "yaw (turning)", "roll (tilting)")
_MOST = 4000  # frames looked at of a long motion

Line = NDArray[np.float64]


def pose_charts(
    motion: Motion, clip: Motion | None, keyframes: Iterable[int] = (), wanted: Motion | None = None
) -> Html:
    """Three angles and the place of the head, side by side.

    Args:
        clip: the motion of the input clip, drawn behind with its usual range.
        keyframes: frames to mark.
        wanted: the motion before it was fitted to its backgrounds, drawn behind.
    """
    marks = [(k + 0.5) / motion.fps for k in keyframes]
    return tag("div", *_pose_charts(motion, clip, marks, wanted), class_="charts")


def _pose_charts(
    motion: Motion, clip: Motion | None, marks: list[float], wanted: Motion | None
) -> Iterator[Html]:
    step = max(1, len(motion.rotation) // _MOST)
    for axis, name in enumerate(ANGLES):
        lines = [Series("output" if clip is not None else "clip", *_angle(motion, axis, step))]
        band = None
        if wanted is not None:
            y, x = _angle(wanted, axis, step)
            lines.insert(0, Series("asked for by the speech", y, x, faint=True))
        if clip is not None:
            y, x = _angle(clip, axis, max(1, len(clip.rotation) // _MOST))
            if len(y) > 1:
                low, high = np.percentile(y, (2.5, 97.5))
                band = (float(low), float(high))
            if wanted is None and len(y) > 1:
                inside = x <= len(motion.rotation) / motion.fps
                lines.insert(0, Series("clip", y[inside], x[inside], faint=True))
        yield line_chart(
            lines, f"Head: {name}", unit="°", marks=marks, marks_name="keyframes",
            band=band, band_name="the clip's range (95%)",
        )  # fmt: skip
    at = (np.arange(0, len(motion.translation), step) + 0.5) / motion.fps
    place = np.asarray(motion.translation[::step], np.float64)
    place = place - np.median(place, axis=0)
    names = ("sideways", "up", "towards the camera")
    yield line_chart(
        [Series(name, place[:, k], at) for k, name in enumerate(names)],
        "Place of the head, from its middle, in head units (a face is about 1.6 wide)",
        marks=marks, marks_name="keyframes",
    )  # fmt: skip


def _angle(motion: Motion, axis: int, step: int) -> tuple[Line, Line]:
    y = np.degrees(np.asarray(motion.rotation[::step, axis], np.float64))
    x = (np.arange(len(y), dtype=np.float64) * step + 0.5) / motion.fps
    return y.astype(np.float64), x


@preview(Motion)
def motion(value: Motion, scene: Scene) -> Iterator[Html]:
    """Curves against the clip's, the mouth's opening, all coefficients as a map."""
    fit, model = scene.nearest(FaceFit), scene.nearest(FaceModel)
    clip = fit.motion if fit is not None else None
    count = len(value.expression)
    yield facts(frames=count, rate=f"{value.fps:g} fps", seconds=f"{count / value.fps:.2f}")
    if count < 2:
        return
    if model is not None:
        yield mouth_chart(value, clip, model)
    yield pose_charts(value, clip)
    step = max(1, count // 1000)
    rows = np.asarray(value.expression[::step], np.float64).T
    yield heat_map(
        rows - rows.mean(axis=1, keepdims=True),
        "Expression coefficients, one row each, from their mean: dark is below, light above",
        seconds=count / value.fps,
        row="64",
    )


def mouth_chart(value: Motion, clip: Motion | None, model: FaceModel) -> Html:
    """How far the lips are apart, against the clip."""
    step = max(1, len(value.expression) // _MOST)
    y = opening(value, model, step)
    x = (np.arange(len(y)) * step + 0.5) / value.fps
    lines, band = [Series("output", y, x)], None
    if clip is not None and len(clip.expression) > 1:
        step = max(1, len(clip.expression) // _MOST)
        other = opening(clip, model, step)
        low, high = np.percentile(other, (2.5, 97.5))
        band = (float(low), float(high))
        at = (np.arange(len(other)) * step + 0.5) / clip.fps
        inside = at <= len(value.expression) / value.fps
        lines.insert(0, Series("clip", other[inside], at[inside], faint=True))
    return line_chart(
        lines, "Opening of the lips, over the width of the mouth", band=band,
        band_name="the clip's range (95%)",
    )  # fmt: skip


@preview(HeadPattern)
def head_pattern(value: HeadPattern, scene: Scene) -> Iterator[Html]:
    """Where the head is held, and the numbers, which mean something to the decoder only."""
    pitch, yaw, roll = np.rad2deg(value.place[:3])
    yield facts(
        held_at=f"pitch {pitch:.0f}°, yaw {yaw:.0f}°, roll {roll:.0f}°",
        pattern=" ".join(f"{number:.2f}" for number in value.vector),
    )
