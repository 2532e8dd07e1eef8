"""The card of a head-motion flow: what it is, from what it was made, how good it is."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.nodes.head_motion.train.corpus import Example
from talkgraph.nodes.head_motion.train.network import FlowSize, VelocityNetwork
from talkgraph.nodes.head_motion.train.train_flow import FlowTraining, FoldScore

CARD = """# Head-motion flow

`head_motion.onnx`: the velocity of a flow-matching network ({parameters:,} parameters) from which
`sample_head_motion` draws head motion for speech, in the units of any person. It hears prosody and
the features of `speech_encoder`, {seconds:.1f} s to either side.

**Data.** {clips} clips of {people} persons, {minutes:.1f} minutes (clips of {least:g} s or more).
Head pose comes from the face_fit stage; silence and walking in at the ends are cut off.

**Figures**: {folds} groups of persons, each by a flow that never saw them. The loss is the squared
error of the velocity, on whole clips; 'deaf' is the same network when the speech is withheld, so
that the difference is what speech tells.

{table}

What matters is what is drawn: `benchmarks/RESULTS.md`, section "Head motion", has range, speed,
stillness, events and the person's own ways beside two real halves of the same people.

**Command**, with the clips in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** Few persons, mostly English, half of the minutes studio presenters. Speech tells little
of how a head moves: what is drawn is one of many possible motions.

**Licence.** {licence}
"""


def flow_card(
    examples: Sequence[Example],
    scores: Sequence[FoldScore],
    settings: FlowTraining,
    *,
    licence: str,
    command: str,
) -> str:
    """The card's text.

    Args:
        examples: the clips.
        scores: of the cross-validation.
        licence: what one may do with it.
        command: that makes the flow again.
    """
    rows = ["| persons | clips | loss | deaf |", "|---|---|---|---|"]
    rows += [f"| {s.people} | {s.clips} | {s.listens:.4f} | {s.deaf:.4f} |" for s in scores]
    bins = examples[0].features.windows.shape[2]
    return CARD.format(
        parameters=parameters_of(settings.size, bins),
        seconds=2 * settings.size.reach / examples[0].seen.fps,
        clips=len(examples),
        people=len({x.person for x in examples}),
        minutes=sum(len(x) / x.seen.fps for x in examples) / 60,
        least=settings.min_seconds,
        folds=len(scores),
        table="\n".join(rows),
        command=command,
        licence=licence,
    )


def parameters_of(size: FlowSize, bins: int) -> int:
    """How many numbers training decides."""
    return sum(p.numel() for p in VelocityNetwork(size, bins).parameters())
