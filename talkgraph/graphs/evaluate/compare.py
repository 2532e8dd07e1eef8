"""One video against another of the same framing."""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph, Step
from talkgraph.graphs.evaluate.columns import head_columns, picture_columns
from talkgraph.graphs.evaluate.shot import shot_of
from talkgraph.graphs.parts import joined, part_of, reader_of, source_of
from talkgraph.nodes.evaluate import CompareMouthMotion, ObserveHead
from talkgraph.nodes.media import CutFootage


def compare(talk: Graph) -> Graph:
    """The graph of `talkgraph evaluate compare`; inputs `made` and `real`, two videos.

    The longer one is cut, and of a real one that cuts one shot is looked at. What is said is the
    sound of the real one, if it has any.

    Args:
        talk: a system that learns a person from a `video`: its steps up to `fit` look at both.
    """
    video = reader_of(talk, "video")
    reader = talk.steps[video].node
    model = f"real_{source_of(talk, 'fit', 'model')}"
    shot, scene, frames = shot_of(talk, video, "real_footage")
    same = {"made_shot": CutFootage().on(footage="made_footage", view=frames)} if frames else {}
    steps = joined(
        {
            "whole_made": Step(reader, {"video": "made"}),
            "whole_real": Step(reader, {"video": "real"}),
            "made_footage": CutFootage().on(footage="whole_made", like="whole_real"),
            "real_footage": CutFootage().on(footage="whole_real", like="whole_made"),
        },
        shot,
        same,
        part_of(talk, "fit", instead={video: scene}, prefix="real_"),
        picture_columns(talk, scene=scene, made="made_shot" if same else "made_footage"),
        {
            "made_mouth_scores": CompareMouthMotion().on(
                made="made_fit.motion", real="real_fit", model=model, speech=f"{scene}.speech"
            ),
            **{
                f"{name}_head": ObserveHead().on(
                    motion=f"{name}_fit.motion",
                    speech=f"{scene}.speech",
                    measured=f"{name}_fit.measured",
                )
                for name in ("made", "real")
            },
        },
        head_columns({"made": "made_head", "real": "real_head"}),
    )
    return Graph(
        "compare", inputs={"made": Path, "real": Path}, steps=steps, output="made_mouth_scores"
    )
