"""Look at a finished video as if it were a clip: is a face in every frame, and whose is it?"""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph
from talkgraph.nodes.face_fit import CropHead, DescribeIdentity, DetectFaces, TrackFace
from talkgraph.nodes.media import ReadVideo
from talkgraph.nodes.networks import LoadNetwork


def graph() -> Graph:
    """The graph that scores are taken from; input `video`, output `identity`."""
    return Graph(
        "watch",
        inputs={"video": Path},
        steps={
            "footage": ReadVideo().on(video="video"),
            "face_detector": LoadNetwork(name="face-detector").on(),
            "landmark_network": LoadNetwork(name="face-landmarks-attention").on(),
            "faces": DetectFaces().on(
                footage="footage", detector="face_detector", landmarks="landmark_network"
            ),
            "clip": CropHead().on(footage="footage", faces="faces"),
            "track": TrackFace().on(
                clip="clip", detector="face_detector", landmarks="landmark_network"
            ),
            "identity_network": LoadNetwork(name="face-identity").on(),
            "identity": DescribeIdentity().on(
                clip="clip", track="track", network="identity_network"
            ),
        },
        output="identity",
    )
