"""The cards of the light head pose predictor and of the light keypoint predictor."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.models.audio2head.head_pose import HeadPose
from talkgraph.nodes.keypoint_field.train.light_predictor import LightPredictor
from talkgraph.nodes.keypoint_field.train.spoken import SpokenClip
from talkgraph.nodes.keypoint_field.train.train_field import parameters_of
from talkgraph.nodes.keypoint_field.train.train_head_pose import HeadPoseScore
from talkgraph.nodes.keypoint_field.train.train_predictor import PredictorScore

_DATA = """**Data.** {minutes:.1f} minutes of {clips} clips of {people} persons, head crops of
256 px with tracked landmarks and a fitted head pose. Sound and picture are taken as they come: in
some of the clips they are a few frames apart.

**Training.** {steps} steps of {per_step} windows of 64 frames, each mirrored, nearer, shifted and
lit at random."""

_END = """**Command**, with the clips in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** {limits}

**Licence.** {licence}
"""

_HEAD_POSE = (
    """# Light head pose predictor

Recurrent network ({parameters:,} parameters) for `predict_head_pose`: from what is heard and one
photo to the head's pose, as in Audio2Head, whose wiring it has at a fourth of the width.

"""
    + _DATA
    + """

**Figures**, {score.people} persons never trained on, {score.windows} windows. *Unheard*: the
network hears another part of the clip.

| | still head | predicted | unheard |
|---|---|---|---|
| error of the turn since the first frame, degrees | {score.still:.2f} | {score.made:.2f} | \
{score.unheard:.2f} |
| correlation of the pitch | | {score.pitch:.2f} | {score.pitch_unheard:.2f} |

It turns {score.spread:.2f} times as much as the real heads (median), and sees the turn of the photo
with an error of {score.first:.1f} degrees.

"""
    + _END
)
_HEAD_POSE_LIMITS = """Speech says little of how a head moves, and one speech gives one motion.
`sample_head_motion` moves heads more as people do; this is the way of the paper."""

_PREDICTOR = (
    """# Light keypoint predictor and detector

The detector finds the {keypoints} keypoints of `project_keypoints` in a photo (`detect_keypoints`);
the predictor ({parameters:,} parameters with the detector) moves them by speech and head pose
(`predict_keypoints`), in the place of Audio2Head's networks.

"""
    + _DATA
    + """

**Figures**, {score.people} persons never trained on, {score.windows} windows; mean errors in px of
256. *Still*: the keypoints of the photo. *Unheard*: the predictor hears another part of the clip.

| | still | predicted | unheard |
|---|---|---|---|
| motion of all keypoints since the photo | {score.still:.2f} | {score.made:.2f} | \
{score.unheard:.2f} |
| motion of the lips in the face | {score.lips_still:.2f} | {score.lips_made:.2f} | \
{score.lips_unheard:.2f} |
| correlation of the lips' opening | | {score.opening:.2f} | {score.opening_unheard:.2f} |

Keypoints of a photo are found with an error of {score.found:.2f} px.

"""
    + _END
)
_PREDICTOR_LIMITS = """Its mouth follows speech less well than `map_expression`, which hears a
pretrained encoder, with `project_keypoints`; lids move little, as speech does not say when people
blink. Only the keypoints of its own detector fit it."""


def head_pose_card(
    network: HeadPose,
    clips: Sequence[SpokenClip],
    score: HeadPoseScore,
    *,
    steps: int,
    per_step: int,
    licence: str,
    command: str,
) -> str:
    """The card's text.

    Args:
        clips: that it was trained on.
        score: of the people held out.
        steps, per_step: optimiser steps, and windows in each.
        licence: what one may do with it.
        command: that makes it again.
    """
    return _HEAD_POSE.format(
        parameters=parameters_of(network), score=score, steps=steps, per_step=per_step,
        licence=licence, command=command, limits=_HEAD_POSE_LIMITS, **_counts(clips),
    )  # fmt: skip


def predictor_card(
    network: LightPredictor,
    clips: Sequence[SpokenClip],
    score: PredictorScore,
    *,
    steps: int,
    per_step: int,
    licence: str,
    command: str,
) -> str:
    """The card's text; arguments as of `head_pose_card`."""
    return _PREDICTOR.format(
        parameters=parameters_of(network), score=score, steps=steps, per_step=per_step,
        licence=licence, command=command, limits=_PREDICTOR_LIMITS,
        keypoints=network.detector.maps.out_channels, **_counts(clips),
    )  # fmt: skip


def _counts(clips: Sequence[SpokenClip]) -> dict[str, float]:
    return {
        "clips": len(clips),
        "people": len({one.person for one in clips}),
        "minutes": sum(map(len, clips)) / 25 / 60,
    }
