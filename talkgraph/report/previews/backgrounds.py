"""Which frames of the clip stand behind the output, on a time line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.display import Scene, preview
from talkgraph.nodes.values import Backgrounds, Clip, FaceFit, Motion
from talkgraph.report.curves import Series, line_chart
from talkgraph.report.markup import Html, facts
from talkgraph.report.pictures import moment, picture_of, sampled, side_by_side
from talkgraph.report.previews.motion import pose_charts

_SHOWN = 12  # keyframes


@preview(Backgrounds)
def backgrounds(value: Backgrounds, scene: Scene) -> Iterator[Html]:
    """The walk through the clip, the frame at each keyframe, the motion asked for and shown."""
    count, fps = len(value.source), value.motion.fps
    used = len(np.unique(value.source))
    yield facts(frames=count, keyframes=len(value.keyframes), frames_of_the_clip_used=used)
    clip, fit = scene.nearest(Clip), scene.nearest(FaceFit)
    clip_fps = clip.fps if clip is not None else fps
    if clip is not None and used > 1:
        x = (np.arange(count) + 0.5) / fps
        marks = [(k + 0.5) / fps for k in value.keyframes.tolist()]
        yield line_chart(
            [Series("moment of the clip", np.asarray(value.source) / clip_fps, x)],
            "Which moment of the clip stands behind each moment of the output",
            unit="s", marks=marks, marks_name="keyframes",
        )  # fmt: skip
    if clip is not None:
        chosen = [int(value.keyframes[k]) for k in sampled(len(value.keyframes), _SHOWN)] or [0]
        shots = []
        for k in chosen if used > 1 else chosen[:1]:
            source = int(value.source[k])
            image = picture_of(clip.frames[source], alt=f"clip frame {source}", side=144)
            words = f"{moment(k, fps)}: clip at {moment(source, clip_fps)}"
            shots.append((image, words))
        part = "each keyframe"
        if len(shots) < len(value.keyframes):
            part = f"{len(shots)} of the {len(value.keyframes)} keyframes"
        caption = f"The frame behind {part}" if used > 1 else "It stands behind every frame"
        yield side_by_side(shots, caption, "strip small")
    wanted = scene.port("motion")
    if count > 1:
        yield pose_charts(
            value.motion,
            fit.motion if fit is not None else None,
            value.keyframes.tolist(),
            wanted if isinstance(wanted, Motion) else None,
        )
