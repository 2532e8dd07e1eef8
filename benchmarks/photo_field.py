"""The keypoint field as the picture of the photo graph, as docs/swapping.md composes it."""

from __future__ import annotations

from talkgraph.engine import Graph
from talkgraph.graphs import photo
from talkgraph.graphs.finished import finished
from talkgraph.graphs.parts import joined, part_of
from talkgraph.nodes.backgrounds import PasteBack
from talkgraph.nodes.keypoint_field import DenseMotion, GenerateFrames, ProjectKeypoints
from talkgraph.nodes.networks import LoadNetwork

RENDERED = ("backgrounds", "background", "face", "composite")
FIELD = ("driving", "field", "frames")
"""Steps that make the picture of a motion, in their order."""


def field_graph(seed: int = 0, detail: float = 1.0) -> Graph:
    """Speech, face and motion of the `photo` graph; the photo is moved instead of rendered.

    Args:
        seed: of the motion.
        detail: share of the detail of a larger photo that is moved along.
    """
    rendered = photo.graph(seed=seed, mark=False)
    same = {name: name for name in rendered.inputs}
    made = {
        "source": ProjectKeypoints().on(motion="fit.motion", fit="fit", model="face_model"),
        "driving": ProjectKeypoints().on(motion="motion", fit="fit", model="face_model"),
        "motion_network": LoadNetwork(name="keypoint-field-motion").on(),
        "field": DenseMotion().on(
            clip="clip", source="source", driving="driving", network="motion_network"
        ),
        "generator": LoadNetwork(name="keypoint-field-generator").on(),
        "frames": GenerateFrames(detail=detail).on(clip="clip", field="field", network="generator"),
        "pasted": PasteBack().on(frames="frames", footage="view", crop="clip.crop"),
        **finished("pasted", mark=False, label=""),
    }
    steps = joined(part_of(rendered, "motion", instead=same), made)
    return Graph("field", inputs=rendered.inputs, steps=steps, output="video_out")
