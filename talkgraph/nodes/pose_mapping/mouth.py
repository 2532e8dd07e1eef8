"""From the network's timid expression to the person's: place of the face at rest, mouth gain.

As with the pose, a squared error yields too small a mouth movement. The part of the expression that
the mouth measures see is amplified towards the person's own spread; the rest is left alone.
"""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.engine import note
from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.facts import MIN_CLIP_FRAMES, MappingFacts
from talkgraph.nodes.values import FaceFit, Floats

STILL = 0.25  # of the general spread: lips that move less say nothing about how they speak
CLOSED_PERCENTILE = 2.0  # the lips of a talking clip touch in at least this share of its frames


@attrs.frozen(kw_only=True, eq=False)
class PersonalMouth:
    """Where the face of a person rests while speaking, and how far the mouth goes from there.

    rest: `[shape=(64,)]`, the middle of speech.
    std: `[shape=(len(readout.names),)]`, spread of the measures of the mouth.
    closed: the measure `opening` of touching lips.
    """

    rest: Floats
    std: Floats
    closed: float


def mouth_of(person: FaceFit | None, facts: MappingFacts) -> PersonalMouth:
    """The mouth of a clip, of a photo, or, for None, of the mean face."""
    seen = None if person is None else expression_of(person)
    if seen is None:
        rest = facts.expression_rest
    elif len(seen) < MIN_CLIP_FRAMES:
        rest = rest_of_photo(seen.mean(0), facts)
    else:
        rest = rest_of_clip(seen, facts.readout)
        measures = facts.readout.of(seen)
        if measures[:, 0].std() >= STILL * facts.mouth_std[0]:
            closed = float(np.percentile(measures[:, 0], CLOSED_PERCENTILE))
            return PersonalMouth(rest=rest, std=measures.std(0), closed=closed)
        # A clip in which nobody speaks would otherwise mute the mouth.
        note("the person hardly moves the lips in the clip: general lip movement is used")
    # Without a talking clip: lips touch two spreads below the middle of speech.
    closed = float(facts.readout.of(rest)[0] - 2.0 * facts.mouth_std[0])
    return PersonalMouth(rest=rest, std=facts.mouth_std, closed=closed)


def expression_of(fit: FaceFit) -> Floats:
    """Expression of the measured frames, `[shape=(T, 64), float32]`."""
    expression = fit.motion.expression
    return np.asarray(expression[fit.measured] if fit.measured.any() else expression, np.float32)


def rest_of_clip(seen: Floats, readout: Readout) -> Floats:
    """The middle of a clip's expressions `[shape=(T, 64)]`, `[shape=(64,)]`.

    The mouth is that of the mean, about which the network predicts; all else is the median, as the
    mean of a clip with blinks looks sleepy.
    """
    mean, median = seen.mean(0), np.median(seen, axis=0)
    return np.asarray(median + readout.lift(readout.of(mean - median)), np.float32)


def rest_of_photo(expression: Floats, facts: MappingFacts) -> Floats:
    """The middle of speech for a face known from one photo, `[shape=(64,), float32]`.

    The photo's own expression, except that jaw and lips stand where they stand on average while
    people speak: a photo with closed lips would otherwise press them together half of the time,
    one taken in mid-laugh would never close them.
    """
    speaking = facts.readout.only("opening", "jaw")
    return np.asarray(
        expression + speaking.lift(speaking.of(facts.expression_rest - expression)), np.float32
    )


def amplify_mouth(
    expression: Floats, readout: Readout, target_std: Floats, *, strength: float, max_gain: float
) -> Floats:
    """Scale the mouth's movement about its mean towards the spread `target_std`.

    Args:
        expression: `[shape=(T, 64)]`.
        target_std: `[shape=(len(readout.names),)]`.
        strength: 1 reaches the spread fully, 0 leaves the expression as it is.
        max_gain: most by which a measure is amplified.
    """
    moved = readout.of(expression)
    moved = moved - moved.mean(0)
    wanted = (target_std / np.maximum(moved.std(0), 1e-9)) ** strength
    gain = np.clip(wanted, 1.0, max_gain)
    return np.asarray(expression + readout.lift((gain - 1.0) * moved), np.float32)


def keep_lips_apart(expression: Floats, readout: Readout, closed: float, softness: float) -> Floats:
    """Lift openings below `closed`, so that amplified lips touch and do not cross.

    Args:
        closed: the measure `opening` of touching lips.
        softness: width of the transition, in the unit of the measure.
    """
    opening = readout.only("opening")
    now = opening.of(expression)
    above = (now - closed) / softness
    held = closed + softness * np.logaddexp(0.0, above)  # about `now` above, `closed` below
    return np.asarray(expression + opening.lift(held - now), np.float32)
