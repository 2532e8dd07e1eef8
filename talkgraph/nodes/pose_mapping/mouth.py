"""From the network's timid expression to the person's: place of the face at rest, mouth gain.

As with the pose, a squared error yields too small a mouth movement. The part of the expression that
the mouth measures see is amplified towards the person's own spread; the rest is left alone.
"""

from __future__ import annotations

import numpy as np

from talkgraph.engine import note
from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.values import FaceFit, Floats

MIN_CLIP_FRAMES = 25  # fewer frames than one second say nothing about spread
STILL = 0.25  # of the general spread: lips that move less say nothing about how they speak
CLOSED_PERCENTILE = 2.0  # the lips of a talking clip touch in at least this share of its frames


def face_of(
    predicted: Floats,
    facts: MappingFacts,
    person: FaceFit | None,
    *,
    strength: float,
    max_gain: float,
    softness: float,
) -> Floats:
    """The person's expression, `[shape=(T, 64), float32]`, from what the network predicts.

    Args:
        predicted: `[shape=(T, 64)]`, about the mean of a clip.
        person: fit of the clip or photo; None for the mean face.
        strength, max_gain: of `amplify_mouth`.
        softness: of lip contact, in standard deviations of the opening.
    """
    seen = None if person is None else expression_of(person)
    std, closed = facts.mouth_std, None
    if seen is None:
        rest = facts.expression_rest
    elif len(seen) < MIN_CLIP_FRAMES:
        rest = rest_of_photo(seen.mean(0), facts)
    else:
        rest = rest_of_clip(seen, facts.readout)
        measures = facts.readout.of(seen)
        if measures[:, 0].std() < STILL * facts.mouth_std[0]:
            # A clip in which nobody speaks would otherwise mute the mouth.
            note("the person hardly moves the lips in the clip: general lip movement is used")
        else:
            std = measures.std(0)
            closed = float(np.percentile(measures[:, 0], CLOSED_PERCENTILE))
    if closed is None:
        # Without a clip: lips touch two spreads below the middle of speech.
        closed = float(facts.readout.of(rest)[0] - 2.0 * facts.mouth_std[0])
    expression = amplify_mouth(predicted, facts.readout, std, strength=strength, max_gain=max_gain)
    return keep_lips_apart(rest + expression, facts.readout, closed, softness * float(std[0]))


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
