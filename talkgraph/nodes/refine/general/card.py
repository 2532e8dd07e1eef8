"""The card of a general refiner: what it is, from what it was made, how good it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkgraph.nodes.refine.general.examples import Example
from talkgraph.nodes.refine.general.score import Score
from talkgraph.nodes.refine.general.training import GeneralTraining
from talkgraph.nodes.refine.network import Generator

CARD = """# General refiner

`general_refiner.onnx`: the generator of section 3.4 ({parameters:,} parameters) trained over many
people; `train_refiner` starts from it at its port `general`. It sees the face at {size} px.

**Data.** {moments} moments of {clips} clips of {people} persons: the clip re-enacts itself over its
other frames, bent to the pose, mouth and eyes drawn without the frame's own neighbours. The goal is
the real frame; the face is what counts.

**Loss.** Colour difference, differences of neighbouring pixels at two scales, {mouth:g} times as
much at the mouth, and the mouth's change from frame to frame. No discriminator: the personal
training has one.

**Figures** of {unseen} persons that were kept back, {unseen_clips} clips, the same kind of moments,
within the face and the mouth, before and after; detail: mean absolute Laplacian at the mouth over
the real frame's.

{table}

**Command**, with the clips in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** Few persons and short training. It knows no person: gaze and teeth that the render does
not show it can only blur.

**Licence.** {licence}
"""


def refiner_card(
    examples: Sequence[Example],
    scores: Sequence[Score],
    settings: GeneralTraining,
    generator: Generator,
    *,
    licence: str,
    command: str,
) -> str:
    """The card's text.

    Args:
        examples: what was learned from.
        scores: of people kept back, maybe none.
        licence: what one may do with it.
        command: that makes the refiner again.
    """
    return CARD.format(
        parameters=sum(p.numel() for p in generator.parameters()),
        size=settings.size,
        moments=sum(len(example.rendered) for example in examples),
        clips=len(examples),
        people=len({example.person for example in examples}),
        mouth=1 + settings.mouth_weight,
        unseen=len({score.person for score in scores}),
        unseen_clips=len(scores),
        table=_table(scores),
        command=command,
        licence=licence,
    )


def _table(scores: Sequence[Score]) -> str:
    rows = ["| | face, dB | mouth, dB | detail |", "|---|---|---|---|"]
    if scores:
        means = [
            np.mean([getattr(s, n) for s in scores], axis=0) for n in ("face", "mouth", "detail")
        ]
        worst = min(scores, key=lambda score: score.face[1] - score.face[0])
        rows.append(_row("mean", *(tuple(pair) for pair in means)))
        rows.append(_row("least gain of the face", worst.face, worst.mouth, worst.detail))
    return "\n".join(rows)


def _row(name: str, *pairs: tuple[float, ...]) -> str:
    face, mouth, detail = pairs
    return (
        f"| {name} | {face[0]:.2f} → {face[1]:.2f} | {mouth[0]:.2f} → {mouth[1]:.2f} |"
        f" {detail[0]:.2f} → {detail[1]:.2f} |"
    )
