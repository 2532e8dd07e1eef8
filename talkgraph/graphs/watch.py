"""Look at a finished video as if it were a clip: is a face in every frame, and whose is it?"""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph
from talkgraph.nodes.face_fit import CropHead, DescribeIdentity, DetectFaces, TrackFace
from talkgraph.nodes.media import ReadVideo


def graph() -> Graph:
    """The graph that scores are taken from; input `video`, output `identity`."""
    return Graph(
        "watch",
        inputs={"video": Path},
        steps={
            "footage": ReadVideo().on(video="video"),
            "faces": DetectFaces().on(footage="footage"),
            "clip": CropHead().on(footage="footage", faces="faces"),
            "track": TrackFace().on(clip="clip"),
            "identity": DescribeIdentity().on(clip="clip", track="track"),
        },
        output="identity",
    )
