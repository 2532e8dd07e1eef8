"""The card of a general mapping: what it is, from what it was made, how good it is."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.nodes.pose_mapping.train.corpus import Example
from talkgraph.nodes.pose_mapping.train.general_training import Figures
from talkgraph.nodes.pose_mapping.train.lag import MIN_CORRELATION
from talkgraph.nodes.pose_mapping.train.score import table

CARD = """# General mapping from speech to {moves}, for `{feature}`

`{file}`: {network}
({parameters:,} parameters), before any personalisation. It works with the face model '{model}'
only.

**Data.** {clips} clips of {people} persons, {minutes:.1f} minutes, those of the table below.
Expression and head pose come from the face_fit stage. {lagged} clips whose picture is out of time
with its sound were shifted for the training (found with a linear model fitted on the other
persons). {unreliable} clips in which that model agrees with the lips by r < {least} at any lag were
not learned from: the table has them, the means below it do not.{pretraining}

**Figures**: cross-validation, each clip by a net that never saw its person ({folds} groups of
persons). `lag`: by which the clip's picture is late, frames; `at_0`: correlation of predicted and
tracked lip opening frame by frame, all else at the clip's own lag (each half at the lag found on
the other); `opening`, `width`, `jaw`: correlation with the tracked measure; `ccc`: concordance of
the opening; `energy`: correlation of loudness with the opening (baseline); `rolled`: of the
prediction, put off by half the clip (baseline: 0); `gain`: 1 - squared error of the three measures
/ that of the clip's mean face (baseline: 0); `spread`, `width_spread`: standard deviation predicted
/ true, before the person's own spread is known; `hits`, `false`: closures (lowest 8 % of the
openings) met, open frames closed. The shipped net has the same settings and has seen all persons.

{table}
{curve}
**Command**, with the clips of the table in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** {limits}

**Licence.** {licence}
"""

PRETRAINING = """ Before that the net was pretrained on {synthetic} synthetic utterances (Debian's
flite, 4 voices, prose that comes with Python) with mouth targets from a viseme table."""

CURVE = """
**More people**: means over people, by the share of the other people that are learned from.

| share | {names} |
|---|{rules}
{rows}
"""

EXPRESSION = {
    "moves": "expression",
    "network": "a head of residual convolutions on a pretrained speech encoder, in units of a "
    "person's own spread, which is guessed from the face",
    "limits": "Mostly English. It gives the mean of all mouths that fit a speech, so it "
    "articulates less than some people do; nothing above the mouth follows speech much.",
}
MOTION = {
    "moves": "motion",
    "network": "eq. (1) of Yi et al. 2020 (encoder and LSTM)",
    "limits": "Mostly English. Lip closures are often missed. Head pose follows speech only in its "
    "rhythm.",
}


def general_card(
    figures: Figures,
    examples: Sequence[Example],
    lags: Sequence[int],
    *,
    feature: str,
    file: str,
    model: str,
    synthetic: int,
    folds: int,
    command: str,
    licence: str,
) -> str:
    """The card's text.

    Args:
        figures: of the cross-validation.
        examples, lags: the clips, and by how many frames each one's picture was late.
        feature: id of the node that made the features.
        file: name of the ONNX file.
        model: name of the face model.
        synthetic: how many utterances it was pretrained on.
        folds: groups of persons in the cross-validation.
        command: that makes the mapping again.
        licence: what one may do with it.
    """
    return CARD.format(
        **(EXPRESSION if feature == "speech_encoder" else MOTION),
        file=file,
        parameters=figures.parameters,
        feature=feature,
        model=model,
        clips=len(examples),
        people=len({x.person for x in examples}),
        minutes=sum(len(x) / x.fps for x in examples) / 60,
        lagged=sum(lag != 0 for lag in lags),
        unreliable=sum(not x.reliable for x in examples),
        least=MIN_CORRELATION,
        pretraining=PRETRAINING.format(synthetic=synthetic) if synthetic else "",
        folds=folds,
        table=table(figures.scores),
        curve=_curve(figures),
        command=command,
        licence=licence,
    )


def _curve(figures: Figures) -> str:
    names = [name for name in figures.curve[1.0] if name not in ("lag", "energy", "rolled")]
    rows = [
        f"| {share:.0%} | " + " | ".join(f"{mean[name]:.3f}" for name in names) + " |"
        for share, mean in sorted(figures.curve.items())
    ]
    return CURVE.format(names=" | ".join(names), rules="---|" * len(names), rows="\n".join(rows))
