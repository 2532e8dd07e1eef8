"""The cards of the pattern networks: what they are, from what they were made, how good they are."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.nodes.head_motion.pattern.train.corpus import Example
from talkgraph.nodes.head_motion.pattern.train.modules import weights_of
from talkgraph.nodes.head_motion.pattern.train.retrieval import Retrieval
from talkgraph.nodes.head_motion.pattern.train.train_patterns import (
    PatternScores,
    PatternTraining,
    networks_of,
)

ENCODER_CARD = """# Head pattern encoder

`head_pattern_encoder.onnx`: the encoder of Yi et al. 2022 ({parameters:,} parameters; the published
one has 1.8 million): head motion of a clip in, a motion behaviour pattern of ten numbers out. For
`encode_head_motion`, and for the head pattern decoder that was trained with it only. It sees the
neck's pose about its mean.

{data}

**Figures**: {folds} groups of persons, each by an encoder that never saw them. The pattern of a
clip's first half is looked for among those of all second halves of its group, and the pattern of a
clip among those of all other clips, where the person has another; `moments` are the logarithms of
spread and velocity of each axis, which need no network.

{table}

Where patterns do no better than moments, the net has learned little more than how much and how fast
a head moves.

{rest}"""

DECODER_CARD = """# Head pattern decoder

`head_pattern_decoder.onnx`: the decoder of Yi et al. 2022 ({parameters:,} parameters; the published
one has 10.7 million): MFCC and a motion behaviour pattern in, the neck's pose about its mean out.
For `decode_head_motion`, with patterns of the encoder that was trained with it only.

{data}

**Figures**: {folds} groups of persons, each by networks that never saw them; second halves of
clips, with the pattern of the first half. Spread of the made angles over the real ones:
{spread:.2f}. Squared error explained, against holding still: {explained:.2f}; below 0 for any
motion that has a size of its own, since which of many a head makes is not told by the speech.

What matters more is in `benchmarks/RESULTS.md`, section "Head motion".

{rest}"""

DATA = """\
**Data.** {clips} clips of {people} persons, {minutes:.1f} minutes (clips of {least:g} s or more).
Head pose comes from the face_fit stage; silence and walking in at the ends are cut off."""

REST = """**Command**, with the clips in DIR as PERSON/CLIP.mp4:

    {command}

**Limits.** Few persons, mostly English, half of the minutes studio presenters. One speech and
pattern always give one motion.

**Licence.** {licence}
"""


def pattern_cards(
    examples: Sequence[Example],
    scores: PatternScores,
    settings: PatternTraining,
    *,
    licence: str,
    command: str,
) -> dict[str, str]:
    """The texts of the "encoder" and the "decoder".

    Args:
        examples: the clips.
        scores: of the cross-validation.
        licence: what one may do with the weights.
        command: that makes them again.
    """
    data = DATA.format(
        clips=len(examples),
        people=len({x.person for x in examples}),
        minutes=sum(len(x) / x.fps for x in examples) / 60,
        least=settings.min_seconds,
    )
    rest = REST.format(command=command, licence=licence)
    rows = [_row(name, mine, plain) for name, mine, plain in _questions(scores)]
    head = ["| found again | pattern | moments | chance | of |", "|---|---|---|---|---|"]
    table = "\n".join([*head, *rows])
    sizes = [
        sum(w.size for w in weights_of(net).values()) for net in networks_of(examples, settings)
    ]
    shared = {"data": data, "rest": rest, "folds": settings.folds}
    return {
        "encoder": ENCODER_CARD.format(parameters=sizes[0], table=table, **shared),
        "decoder": DECODER_CARD.format(
            parameters=sizes[1], explained=scores.explained, spread=scores.spread, **shared
        ),
    }


def scores_text(scores: PatternScores) -> str:
    """The figures of a cross-validation in one line."""
    parts = [
        f"{name}: {mine.share:.2f} (moments {plain.share:.2f}, chance {mine.chance:.2f}, "
        f"{mine.asked} asked)"
        for name, mine, plain in _questions(scores)
    ]
    found = f"found again by the {'; by the '.join(parts)}" if parts else "nobody to find again"
    return f"{found}; spread {scores.spread:.2f} of the real"


def _questions(scores: PatternScores) -> list[tuple[str, Retrieval, Retrieval]]:
    questions = [
        ("other half", scores.halves, scores.moments_halves),
        ("other clip", scores.other_clip, scores.moments_other_clip),
    ]
    return [question for question in questions if question[1].asked]


def _row(name: str, mine: Retrieval, plain: Retrieval) -> str:
    share = [f"{one:.2f}" for one in (mine.share, plain.share, mine.chance)]
    return f"| {name} | {' | '.join(share)} | {mine.asked} |"
