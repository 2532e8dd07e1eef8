"""Is the watermark in a video, whoever made it and whatever became of it?"""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph
from talkgraph.nodes.marking import FindMark
from talkgraph.nodes.media import PlayFootage, ReadVideo

SHORTEST = 0.04  # s


def graph() -> Graph:
    """The graph of `talkgraph verify`; input `video`, output `watermark`."""
    return Graph(
        "verify",
        inputs={"video": Path},
        steps={
            "footage": ReadVideo(min_seconds=SHORTEST, max_side=1024).on(video="video"),
            "frames": PlayFootage().on(footage="footage"),
            "watermark": FindMark().on(frames="frames"),
        },
    )
