"""A person learned from the first seconds of a clip and driven by the rest's own sound."""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph, Step
from talkgraph.graphs.evaluate.columns import head_columns, picture_columns
from talkgraph.graphs.evaluate.shot import shot_of
from talkgraph.graphs.parts import joined, part_of, reader_of, source_of
from talkgraph.nodes.evaluate import (
    CompareMouthMotion,
    CompareSeeds,
    ObserveHead,
    StandInHead,
    StandInMotion,
)
from talkgraph.nodes.media import CutFootage, ReopenVideo, TakeSound

LEARNED_SECONDS = 10.0


def self_reenactment(
    talk: Graph,
    *,
    seconds: float = LEARNED_SECONDS,
    pictures: bool = True,
    other: Graph | None = None,
) -> Graph:
    """The graph of `talkgraph evaluate self`; input `video`.

    Args:
        talk: a system that learns a person from a `video`, such as `yi2020`.
        seconds: from which it learns; the rest is the truth. Both are of one shot.
        pictures: render, too, and score what is to be seen.
        other: the same system with another seed, for the diversity of its heads.
    """
    video, audio = reader_of(talk, "video"), reader_of(talk, "audio")
    model = f"real_{source_of(talk, 'fit', 'model')}"
    spoken = {video: "learned", audio: "sound"}
    shot, scene, _ = shot_of(talk, video, "whole")
    targets = ("motion", "fit", talk.output) if pictures else ("motion", "fit")
    mouths = {"made": "motion", "energy": "energy_motion"}
    heads = {
        "made": "made_head",
        "halves": "learned_head",
        "replay": "replay_head",
        "frozen": "frozen_head",
        "real": "real_head",
    }
    if pictures:
        mouths["seen"], heads["seen"] = "made_fit.motion", "seen_head"
    steps = joined(
        {
            "whole": Step(talk.steps[video].node, {"video": "video"}),
            **shot,
            "learned": CutFootage(seconds=seconds).on(footage=scene),
            "rest": CutFootage(start=seconds).on(footage=scene),
            "sound": TakeSound().on(footage="rest"),
        },
        part_of(talk, *targets, instead=spoken),
        # The truth.
        part_of(talk, "fit", instead={video: "rest"}, prefix="real_"),
        # Heads: the made one, two real halves, and what costs nothing.
        {
            "made_head": ObserveHead().on(motion="motion", speech="sound"),
            "real_head": ObserveHead().on(
                motion="real_fit.motion", speech="sound", measured="real_fit.measured"
            ),
            "learned_head": ObserveHead().on(
                motion="fit.motion", speech="learned.speech", measured="fit.measured"
            ),
            "replay_head": StandInHead(kind="replay").on(clip="learned_head", real="real_head"),
            "frozen_head": StandInHead(kind="frozen").on(clip="learned_head", real="real_head"),
            "energy_motion": StandInMotion(kind="energy").on(
                fit="real_fit", model=model, speech="sound"
            ),
        },
        _seen(talk) if pictures else {},
        {} if other is None else _other_seed(other, spoken),
        {
            f"{name}_mouth_scores": CompareMouthMotion().on(
                made=motion, real="real_fit", model=model, speech="sound"
            )
            for name, motion in mouths.items()
        },
        head_columns(heads, clip="learned_head"),
    )
    return Graph("self", inputs={"video": Path}, steps=steps, output="made_mouth_scores")


def _seen(talk: Graph) -> dict[str, Step]:
    """The finished video looked at again, and how its head moves."""
    return joined(
        {"made_footage": ReopenVideo().on(video=talk.output)},
        picture_columns(talk, scene="rest", before="learned"),
        {
            "seen_head": ObserveHead().on(
                motion="made_fit.motion", speech="sound", measured="made_fit.measured"
            )
        },
    )


def _other_seed(other: Graph, spoken: dict[str, str]) -> dict[str, Step]:
    """The motion once more; what does not depend on the seed comes out of the store."""
    return joined(
        part_of(other, "motion", instead=spoken, prefix="other_"),
        {
            "other_seed_talk": ObserveHead().on(motion="other_motion", speech="sound"),
            "made_seeds_scores": CompareSeeds().on(
                one="made_head", other="other_seed_talk", real="real_head"
            ),
        },
    )
