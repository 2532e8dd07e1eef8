"""What `self` and `compare` have in common: scores of heads, and of what is to be seen."""

from __future__ import annotations

from collections.abc import Mapping

from talkgraph.engine import Graph, Step
from talkgraph.graphs.parts import part_of, source_of
from talkgraph.nodes.evaluate import (
    CompareHeadMotion,
    CompareIdentity,
    CompareMouths,
    ComparePictures,
    HoldFrame,
    MeasureBlinks,
)
from talkgraph.nodes.face_fit import CropLike, DescribeIdentity
from talkgraph.nodes.networks import LoadNetwork


def head_columns(heads: Mapping[str, str], clip: str | None = None) -> dict[str, Step]:
    """Scores of each head against `real_head`; copies of the `clip` too, if there is one.

    The halves of the clip itself are no copy of it.
    """
    more = {name: {} if clip in (None, head) else {"clip": clip} for name, head in heads.items()}
    return {
        f"{name}_head_scores": CompareHeadMotion().on(made=head, real="real_head", **more[name])
        for name, head in heads.items()
    }


def picture_columns(
    talk: Graph, scene: str, before: str | None = None, made: str = "made_footage"
) -> dict[str, Step]:
    """Scores of the pictures of `made`, a footage, against those of the truth, `real_...`.

    Both are cut with the truth's square, and the made face is tracked and fitted in that.

    Args:
        talk: whose steps before `fit` do that, as they did for the truth.
        scene: the truth as footage.
        before: footage whose last frame, standing still, is the column `still`.
    """
    track = source_of(talk, "fit", "track")
    clip = source_of(talk, track, "clip")
    still: dict[str, Step] = {}
    if before is not None:
        still = {
            "before_clip": CropLike().on(footage=before, like=f"real_{clip}", scene=scene),
            "still_frames": HoldFrame().on(clip="before_clip.frames", real=f"real_{clip}.frames"),
            "still_pictures_scores": ComparePictures().on(
                predicted="still_frames", real=f"real_{clip}.frames", track=f"real_{track}"
            ),
        }
    # The made clip is cropped as the real one, so nobody else is in it who had to be told apart.
    step = talk.steps[track]
    alone = {port: source for port, source in step.sources.items() if port != "faces"}
    talk = talk.replace(**{track: Step(step.node, alone)})
    return {
        **still,
        "made_clip": CropLike().on(footage=made, like=f"real_{clip}", scene=scene),
        **part_of(talk, "fit", instead={clip: "made_clip"}, prefix="made_"),
        "made_lips_scores": CompareMouths().on(predicted=f"made_{track}", real=f"real_{track}"),
        "made_pictures_scores": ComparePictures().on(
            predicted="made_clip.frames", real=f"real_{clip}.frames", track=f"real_{track}"
        ),
        "identity_net": LoadNetwork(name="face-identity").on(),
        "made_identity": DescribeIdentity().on(
            clip="made_clip", track=f"made_{track}", network="identity_net"
        ),
        "real_identity": DescribeIdentity().on(
            clip=f"real_{clip}", track=f"real_{track}", network="identity_net"
        ),
        "made_identity_scores": CompareIdentity().on(
            predicted="made_identity", real="real_identity"
        ),
        "made_blinks_scores": MeasureBlinks().on(track=f"made_{track}"),
        "real_blinks_scores": MeasureBlinks().on(track=f"real_{track}"),
    }
