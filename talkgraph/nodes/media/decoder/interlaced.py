"""Interlaced frames hold two moments, one in every second line: of what moves one is kept."""

from __future__ import annotations

from typing import Any

import av.filter
import numpy as np

# Spatial alone (estdif, edge slope tracing): what is made up between the lines of the first field
# depends on no other frame, so that cuts, lost frames and seeking need no care.
_FILTER, _OPTIONS = "estdif", "mode=frame:deint=all"
_STEP = 0.04  # of the range; a line that differs so from both beside it, the same way, is a comb
_COMBS = 0.002  # share of such pixels from which on a frame holds two moments


def progressive(frame: Any) -> Any:
    """The frame as a whole picture of one moment, of the same size and time.

    Much that is marked as interlaced was not filmed so, or stands still, and stays as it is.
    """
    if not (frame.interlaced_frame and combed(frame)):
        return frame
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    one, sink = graph.add(_FILTER, _OPTIONS), graph.add("buffersink")
    source.link_to(one)
    one.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    made: Any = graph.pull()
    made.pts, made.time_base = frame.pts, frame.time_base
    made.colorspace, made.color_range = frame.colorspace, frame.color_range
    return made


def combed(frame: Any) -> bool:
    """Whether the lines of a frame show two moments."""
    grey = frame.reformat(format="gray").to_ndarray().astype(np.int16)
    above, below = grey[1:-1] - grey[:-2], grey[1:-1] - grey[2:]
    step = _STEP * 255
    lines = ((above > step) & (below > step)) | ((above < -step) & (below < -step))
    return bool(lines.mean() > _COMBS)
