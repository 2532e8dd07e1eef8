"""The card of a general mapping: what it is, from what it was made, how good it is."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.pose_mapping.train.corpus import Example
from talkgraph.nodes.pose_mapping.train.score import Score, table

CARD = """# General mapping from speech to motion, for `{feature}`

`general_mapping_{feature}.onnx`: eq. (1) of Yi et al. 2020 (encoder and LSTM, {parameters:,}
parameters, feature `{feature}`), before any personalisation. It works with the face model
'{model}' only.

**Data.** {clips} clips of {people} persons, {minutes:.1f} minutes, those of the table below.
Expression and head pose come from the face_fit stage. {lagged} clips whose picture is out of time
with its sound were shifted (by -5 to 5 frames, found with a linear model fitted on the other
persons).{pretraining}

**Figures**: cross-validation, each clip by a net that never saw its person ({folds} groups of
persons; lags as above, so the correlations are slightly kind). `opening`, `width`, `jaw`:
correlation of prediction and tracked measure; `energy`: correlation of loudness with the opening
(baseline); `gain`: 1 - squared error of the three measures / that of the clip's mean face
(baseline: 0); `hits`, `false`: closures met, open frames closed; `spread`, `pose_spread`:
standard deviation predicted / true (`map_motion` amplifies towards the person's own).
The shipped net has the same settings and has seen all persons.

{table}

**Command**, with the clips of the table in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** Few persons, mostly English. Lip closures are often missed. Head pose follows speech
only in its rhythm.

**Licence.** {licence}
"""

PRETRAINING = """ Before that the net was pretrained on {synthetic} synthetic utterances (Debian's
flite, 4 voices, prose that comes with Python) with mouth targets from a viseme table."""


def general_card(
    scores: list[Score],
    examples: Sequence[Example],
    lags: Sequence[int],
    *,
    size: MappingSize,
    feature: str,
    model: str,
    synthetic: int,
    folds: int,
    command: str,
    licence: str,
) -> str:
    """The card's text.

    Args:
        scores: figures of the cross-validation.
        examples, lags: the clips, and by how many frames each one's picture was late.
        size: of the network.
        feature: id of the node that made the features.
        model: name of the face model.
        synthetic: how many utterances it was pretrained on.
        folds: groups of persons in the cross-validation.
        command: that makes the mapping again.
        licence: what one may do with it.
    """
    return CARD.format(
        parameters=sum(p.numel() for p in MappingNetwork(size).parameters()),
        feature=feature,
        model=model,
        clips=len(examples),
        people=len({x.person for x in examples}),
        minutes=sum(len(x) / x.fps for x in examples) / 60,
        lagged=sum(lag != 0 for lag in lags),
        pretraining=PRETRAINING.format(synthetic=synthetic) if synthetic else "",
        folds=folds,
        table=table(scores),
        command=command,
        licence=licence,
    )
