"""What adapting a mapping to a person takes, whichever mapping: enough speech, in time."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from talkgraph.cache.files import File
from talkgraph.engine import note, scratch_folder
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.values import FaceFit, Floats, OnnxModel, SpeechFeatures

if TYPE_CHECKING:
    from talkgraph.nodes.pose_mapping.train.corpus import Target


def too_little(
    features: SpeechFeatures | None, fit: FaceFit, facts: MappingFacts, min_seconds: float
) -> str:
    """Why a clip is not learned from, or nothing.

    Raises:
        ModelError: the features are not those of the mapping.
    """
    if features is None or not len(features.windows):
        return "the clip has no sound"
    facts.check(features)
    if min(int(fit.measured.sum()), len(features.windows)) < min_seconds * facts.fps:
        return f"the clip shows less than {min_seconds:g} s of speech"
    return ""


def lag_of_clip(heard: Floats, target: Target, facts: MappingFacts, largest: int) -> int:
    """By how many frames the clip's picture is late, told in a note.

    Args:
        heard: expression that the general mapping predicts, `[shape=(T, 64)]`, normalised.
        largest: lag that is believed.
    """
    from talkgraph.nodes.pose_mapping.train.lag import believed_lag, say_lag

    lag = believed_lag(
        facts.readout.of(heard * facts.expression_std)[:, 0],
        facts.readout.of(target.example.expression)[:, 0],
        target.measured,
        largest + 1,
    )
    if lag:
        note(f"{say_lag(lag)}: corrected for the training")
    return lag


def general_instead(mapping: OnnxModel, why: str) -> OnnxModel:
    """The general mapping, with a note why, and what that means for the video."""
    note(f"{why}: people's usual way of talking is used, not this person's")
    path = scratch_folder() / "general_mapping.onnx"
    shutil.copyfile(mapping.file.path, path)
    return OnnxModel(file=File(path), facts=mapping.facts)


def no_better(share: float) -> str:
    """Why a mapping that was tried on the last `share` of its clip is not used."""
    return (
        f"trained on the first {1 - share:.0%} of the clip, a mapping of this person's own "
        "followed the rest no better than the general one"
    )
