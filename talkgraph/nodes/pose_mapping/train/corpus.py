"""Training examples: speech features beside the tracked motion of the same clip."""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.geometry.pose import pose_from_parts
from talkgraph.nodes.pose_mapping.facts import MappingFacts, speech_scale
from talkgraph.nodes.pose_mapping.head_pose import pose_bands
from talkgraph.nodes.pose_mapping.network import MappingSize
from talkgraph.nodes.values import Bools, FaceFit, Floats, Speech, SpeechFeatures

CLOSED_PERCENTILE = 8.0  # lowest openings of a clip, taken as closed lips


@attrs.frozen(kw_only=True, eq=False)
class Example:
    """One clip: what was heard and what the face did.

    features: windows `[shape=(T, rows, bins)]`.
    expression: `[shape=(T, 64)]`.   pose: `[shape=(T, 6)]`, rotation and translation.
    measured: `[shape=(T,)]`, False where the face was not seen.
    loudness: `[shape=(T,)]`, log energy of the sound for the baseline, or None.
    """

    name: str
    person: str
    features: Floats
    expression: Floats
    pose: Floats
    measured: Bools
    fps: float
    loudness: Floats | None = None

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
    """An example in the network's units: see `MappingFacts`.

    closed: `[shape=(T,)]`, True where the lips are closed.
    offset, offset_pose: the clip's mean expression `(64,)` and pose `(6,)`, taken off.
    """

    example: Example
    features: Floats
    expression: Floats
    pose: Floats
    measured: Bools
    closed: Bools
    offset: Floats
    offset_pose: Floats


def target_of(example: Example, facts: MappingFacts) -> Target:
    """Normalise an example: features per speech, motion relative to the clip's mean."""
    seen = example.measured if example.measured.any() else np.ones(len(example), bool)
    offset = example.expression[seen].mean(0)
    offset_pose = example.pose[seen].mean(0)
    opening = facts.readout.of(example.expression)[:, 0]
    closed = opening <= np.percentile(opening[seen], CLOSED_PERCENTILE)
    return Target(
        example=example,
        features=speech_scale(example.features, facts).apply(example.features),
        expression=np.asarray((example.expression - offset) / facts.expression_std, np.float32),
        pose=np.asarray((example.pose - offset_pose) / facts.pose_std, np.float32),
        measured=example.measured,
        closed=np.asarray(closed & seen),
        offset=offset,
        offset_pose=offset_pose,
    )


def corpus_facts(
    examples: list[Example], *, feature: str, readout: Readout, size: MappingSize, prior: float
) -> MappingFacts:
    """Statistics of a corpus: every clip counts by its length, spreads are within clips."""
    middle = [x.features[:, x.features.shape[1] // 2] for x in examples]
    within_features = np.concatenate([m - m.mean(0) for m in middle])
    kept = [(x.expression[x.measured], x.pose[x.measured]) for x in examples if x.measured.any()]
    within = np.concatenate([e - e.mean(0) for e, _ in kept])
    within_pose = np.concatenate([p - p.mean(0) for _, p in kept])
    return MappingFacts(
        feature=feature,
        fps=examples[0].fps,
        feature_mean=np.concatenate(middle).mean(0),
        feature_std=np.maximum(within_features.std(0), 1e-3),
        feature_prior=prior,
        expression_rest=np.mean([e.mean(0) for e, _ in kept], axis=0),
        expression_std=np.maximum(within.std(0), 1e-3),
        pose_std=np.maximum(within_pose.std(0), 1e-5),
        pose_band_std=np.concatenate([pose_bands(x.pose, x.fps) for x in examples], 1).std(1),
        readout=readout,
        mouth_std=readout.of(within).std(0),
        size=attrs.asdict(size),
    )
