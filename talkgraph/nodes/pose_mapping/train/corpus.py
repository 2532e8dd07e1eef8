"""Training examples: speech features beside the tracked motion of the same clip."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.geometry.pose import pose_from_parts
from talkgraph.nodes.pose_mapping.facts import MappingFacts, MotionFacts, speech_scale
from talkgraph.nodes.pose_mapping.head_pose import pose_bands
from talkgraph.nodes.values import Bools, FaceFit, Floats, Speech, SpeechFeatures

IDENTITY = 80  # coefficients
CLOSED_PERCENTILE = 8.0  # lowest openings of a clip, taken as closed lips
FEATURE_PRIOR = 50.0  # frames' worth of the corpus' feature statistics against a speech's own


@attrs.frozen(kw_only=True, eq=False)
class Example:
    """One clip: what was heard and what the face did.

    features: windows `[shape=(T, rows, bins)]`.
    expression: `[shape=(T, 64)]`.   pose: `[shape=(T, 6)]`, rotation and translation.
    measured: `[shape=(T,)]`, False where the face was not seen.
    identity: `[shape=(80,)]` of the face; zeros where it is not known.
    loudness: `[shape=(T,)]`, log energy of the sound for the baseline, or None.
    reliable: whether to learn from it; False where lips and sound hardly agree.
    """

    name: str
    person: str
    features: Floats
    expression: Floats
    pose: Floats
    measured: Bools
    fps: float
    identity: Floats = attrs.field(factory=lambda: np.zeros(IDENTITY, np.float32))
    loudness: Floats | None = None
    reliable: bool = True

    def __len__(self) -> int:
        return len(self.expression)

    def part(self, start: int, stop: int) -> Example:
        """Frames start to stop."""
        cut = slice(start, stop)
        return attrs.evolve(
            self,
            features=self.features[cut],
            expression=self.expression[cut],
            pose=self.pose[cut],
            measured=self.measured[cut],
            loudness=None if self.loudness is None else self.loudness[cut],
        )

    def shifted(self, lag: int) -> Example:
        """Pair sound frame k with picture frame k + lag: undoes a picture that is `lag` late."""
        kept = len(self) - abs(lag)
        sound, picture = max(-lag, 0), max(lag, 0)
        heard, seen = self.part(sound, sound + kept), self.part(picture, picture + kept)
        return attrs.evolve(seen, features=heard.features, loudness=heard.loudness)


def example_of(
    features: SpeechFeatures,
    fit: FaceFit,
    *,
    name: str,
    person: str,
    loudness: Floats | None = None,
) -> Example:
    """Pair features, fit and loudness; the longer ones are cut to the shortest."""
    count = min(len(features.windows), len(fit.motion.expression))
    if loudness is not None:
        count = min(count, len(loudness))
    pose = pose_from_parts(fit.motion.rotation, fit.motion.translation)
    return Example(
        name=name,
        person=person,
        features=features.windows[:count],
        expression=fit.motion.expression[:count],
        pose=np.asarray(pose[:count], np.float32),
        measured=fit.measured[:count],
        fps=features.fps,
        identity=fit.identity,
        loudness=None if loudness is None else loudness[:count],
    )


def loudness_of(speech: Speech, fps: float) -> Floats:
    """Log energy of the sound of every whole video frame, `[shape=(T,), float32]`."""
    frame = round(speech.rate / fps)
    count = len(speech.samples) // frame
    energy = (speech.samples[: count * frame].reshape(count, frame) ** 2).mean(1)
    return np.asarray(np.log(energy + 1e-8), np.float32)


@attrs.frozen(kw_only=True, eq=False)
class Target:
    """An example as the network has it: see `MappingFacts`.

    features, expression: normalised, the latter about the clip's mean.
    pose: about the clip's mean, in rad and head units.
    closed: `[shape=(T,)]`, True where the lips are closed.
    offset: the clip's mean expression `(64,)`, taken off.
    """

    example: Example
    features: Floats
    expression: Floats
    pose: Floats
    measured: Bools
    closed: Bools
    offset: Floats

    def part(self, start: int, stop: int) -> Target:
        """Frames start to stop, about the mean of the whole."""
        cut = slice(start, stop)
        return attrs.evolve(
            self,
            example=self.example.part(start, stop),
            features=self.features[cut],
            expression=self.expression[cut],
            pose=self.pose[cut],
            measured=self.measured[cut],
            closed=self.closed[cut],
        )


def target_of(example: Example, facts: MappingFacts) -> Target:
    """Normalise an example: features per speech, motion relative to the clip's mean."""
    seen = example.measured if example.measured.any() else np.ones(len(example), bool)
    offset = example.expression[seen].mean(0)
    opening = facts.readout.of(example.expression)[:, 0]
    closed = opening <= np.percentile(opening[seen], CLOSED_PERCENTILE)
    return Target(
        example=example,
        features=speech_scale(example.features, facts).apply(example.features),
        expression=np.asarray((example.expression - offset) / facts.expression_std, np.float32),
        pose=np.asarray(example.pose - example.pose[seen].mean(0), np.float32),
        measured=example.measured,
        closed=np.asarray(closed & seen),
        offset=offset,
    )


def mouth_spread(examples: list[Example], readout: Readout) -> Floats:
    """Spread of the measures of the mouth within clips, `[shape=(len(readout.names),)]`."""
    return np.asarray(readout.of(_within(examples)).std(0), np.float32)


def _within(examples: list[Example]) -> Floats:
    """Expressions of all measured frames about their clip's mean."""
    kept = (x.expression[x.measured] for x in examples if x.measured.any())
    return np.concatenate([expression - expression.mean(0) for expression in kept])


def corpus_facts(
    examples: list[Example],
    *,
    feature: str,
    readout: Readout,
    size: dict[str, Any],
    prior: float = FEATURE_PRIOR,
) -> MappingFacts:
    """Statistics of a corpus: every clip counts by its length, spreads are within clips.

    Args:
        size: fields of the network's size.
        prior: frames' worth of the corpus' feature statistics against a speech's own.
    """
    middle = [x.features[:, x.features.shape[1] // 2] for x in examples]
    within_features = np.concatenate([m - m.mean(0) for m in middle])
    kept = [x.expression[x.measured] for x in examples if x.measured.any()]
    return MappingFacts(
        feature=feature,
        fps=examples[0].fps,
        feature_mean=np.concatenate(middle).mean(0),
        feature_std=np.maximum(within_features.std(0), 1e-3),
        feature_prior=prior,
        expression_rest=np.mean([e.mean(0) for e in kept], axis=0),
        expression_std=np.maximum(_within(examples).std(0), 1e-3),
        readout=readout,
        mouth_std=mouth_spread(examples, readout),
        size=size,
    )


def motion_facts(examples: list[Example], **told: Any) -> MotionFacts:
    """`corpus_facts` with those of the pose."""
    poses = [x.pose[x.measured] for x in examples if x.measured.any()]
    within = np.concatenate([pose - pose.mean(0) for pose in poses])
    return MotionFacts(
        **attrs.asdict(corpus_facts(examples, **told), recurse=False),
        pose_std=np.maximum(within.std(0), 1e-5),
        pose_band_std=np.concatenate([pose_bands(x.pose, x.fps) for x in examples], 1).std(1),
    )
