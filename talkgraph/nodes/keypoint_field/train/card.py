"""The card of a light keypoint field, and both its networks as ONNX."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.models.audio2head.published import EXPORTS
from talkgraph.nodes.keypoint_field.mesh_keypoints import groups
from talkgraph.nodes.keypoint_field.train.pairs import Example
from talkgraph.nodes.keypoint_field.train.train_field import FieldScore, LightField, parameters_of

CARD = """# Light keypoint field

Dense motion and frame generator ({parameters:,} parameters, 1.2 GMAC a frame) for `dense_motion`
and `generate_frames`, driven by the {keypoints} keypoints of `project_keypoints`. The field begins
as the linear motion about each keypoint and the frame as the photo so moved; the networks correct
both.

**Data.** {frames} frames of {clips} clips of {people} persons, head crops of 256 px with tracked
landmarks. Reconstruction: one frame of a clip moved to another by the keypoints of both.

**Training.** {steps} steps of {per_step} frames. That is little: most of what the field does is
what the keypoints say by themselves.

**Figures**, {held} persons never trained on, {pairs} pairs of frames, mean PSNR in dB:

| | photo itself | moved | generated |
|---|---|---|---|
| box of the face | {score.face_still:.2f} | {score.face_moved:.2f} | {score.face_made:.2f} |
| box of the mouth | {score.mouth_still:.2f} | | {score.mouth_made:.2f} |

**Command**, with the clips in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** It paints almost nothing: a closed mouth does not show teeth when it opens, an eye that
is shut in the photo does not open, a cheek that turns into sight is stretched skin. Past some 15
degrees from the photo's pose faces bend. It knows no shoulders: hair and neck follow the face.

**Licence.** {licence}
"""


def field_card(
    field: LightField,
    examples: Sequence[Example],
    score: FieldScore,
    *,
    steps: int,
    per_step: int,
    licence: str,
    command: str,
) -> str:
    """The card's text.

    Args:
        examples: that it was trained on.
        score: of the people held out.
        steps, per_step: optimiser steps, and frames in each.
        licence: what one may do with it.
        command: that makes it again.
    """
    return CARD.format(
        parameters=parameters_of(field),
        keypoints=len(groups()),
        frames=sum(map(len, examples)),
        clips=len(examples),
        people=len({one.person for one in examples}),
        steps=steps,
        per_step=per_step,
        held=score.people,
        pairs=score.pairs,
        score=score,
        command=command,
        licence=licence,
    )


def field_networks(field: LightField, facts: dict[str, str]) -> tuple[bytes, bytes]:
    """Dense motion and generator as ONNX, with these facts.

    Raises:
        ModelError: onnxruntime and torch differ.
    """
    motion, generator = (EXPORTS[f"audio2head-{name}"] for name in ("dense-motion", "generator"))
    count = len(groups())
    return (
        motion.write(field.motion, {"kind": "dense motion", **facts}, count, whole=True),
        generator.write(field.generator, {"kind": "frame generator", **facts}, whole=True),
    )
