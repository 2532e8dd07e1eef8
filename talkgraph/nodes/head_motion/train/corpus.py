"""Clips of many people as training examples of the flow, and their statistics."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.flow.hearing import fitted, hearing_of, pairs
from talkgraph.nodes.head_motion.habit.coupling import SMOOTH_FRAMES, log_speed, smooth
from talkgraph.nodes.head_motion.habit.habit import Habit, habit_of, typical
from talkgraph.nodes.head_motion.habit.seen_motion import SeenMotion, seen_motion
from talkgraph.nodes.prosody.prosody import Prosody, prosody_of
from talkgraph.nodes.values import FaceFit, Floats, Speech, SpeechFeatures

Array = NDArray[np.float64]

_LEAST_STD = 0.02  # rad or head units: stillness is not stretched to movement
_LIMIT = 4.0  # standard deviations of the pose
_COUPLING_STD = 0.15
_PERCENTILE = 1.0
RESPONSE_LAGS = tuple(range(-12, 13, 2))  # pairs of frames: a second before and after
RESPONSE_COLUMNS = 9
_RESPONSE_RIDGE = 0.3


@attrs.frozen(kw_only=True, eq=False)
class Example:
    """One clip: what was heard, and what the head did.

    seen, prosody, features: of the talk in the clip, as many frames each.
    """

    name: str
    person: str
    seen: SeenMotion
    prosody: Prosody
    features: SpeechFeatures

    def __len__(self) -> int:
        return len(self.seen)


def example_of(
    speech: Speech, features: SpeechFeatures, fit: FaceFit, *, name: str, person: str
) -> Example:
    """Pair what a clip shows with what is heard in it, cut to where its person talks."""
    whole = prosody_of(speech, len(fit.motion.rotation), fit.motion.fps)
    seen = seen_motion(fit, whole)
    cut = slice(seen.start, seen.start + len(seen))
    prosody = Prosody(
        **{field.name: getattr(whole, field.name)[cut] for field in attrs.fields(Prosody)}
    )
    windows = fitted(features.windows, cut.stop)[cut]
    return Example(
        name=name,
        person=person,
        seen=attrs.evolve(seen, start=0),
        prosody=prosody,
        features=SpeechFeatures(windows=windows, fps=features.fps),
    )


@attrs.frozen(kw_only=True, eq=False)
class Target:
    """An example in the network's units, N pairs of frames.

    motion: `[shape=(N, 6)]`, standard deviations about the mean.
    prosody, features: see `Hearing`.
    code: `[shape=(13,)]`, standardised.
    """

    person: str
    motion: Floats
    prosody: Floats
    features: Floats
    code: Floats

    def __len__(self) -> int:
        return len(self.motion)


@attrs.frozen(kw_only=True, eq=False)
class CorpusFacts:
    """Statistics of a corpus: those of `FlowFacts`, and the projection of the features.

    projection: `[shape=(bins, components)]`, onto whitened principal components.
    """

    feature_mean: Array
    feature_prior: float
    code_mean: Array
    code_std: Array
    manners: dict[str, Habit]
    projection: Floats


def habit_of_example(example: Example) -> Habit:
    """The habit that the clip shows."""
    return habit_of(example.seen, example.prosody, _PERCENTILE, 0.0)


def corpus_facts(examples: Sequence[Example], *, components: int, prior: float) -> CorpusFacts:
    """Statistics of a corpus in which each person counts once."""
    habits = [habit_of_example(example) for example in examples]
    codes = np.stack([habit.code for habit in habits])
    weights = person_weights(examples)
    mean = weights @ codes
    std = np.sqrt(weights @ (codes - mean) ** 2)
    std[-1] = _COUPLING_STD
    windows = [example.features.windows[:, 0].astype(np.float64) for example in examples]
    centred = np.concatenate([one - one.mean(0) for one in windows])
    covariance = centred.T @ centred / len(centred)
    values, vectors = np.linalg.eigh(covariance)
    best = np.argsort(-values)[:components]
    # The sign of an eigenvector is arbitrary: the largest entry is made positive.
    signs = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(len(values))])[best]
    return CorpusFacts(
        feature_mean=np.concatenate(windows).mean(0),
        feature_prior=prior,
        code_mean=mean,
        code_std=np.maximum(std, 1e-3),
        manners=_manners(habits, weights),
        projection=np.asarray(vectors[:, best] * signs / np.sqrt(values[best]), np.float32),
    )


def person_weights(examples: Sequence[Example]) -> Array:
    """`[shape=(clips,)]`, summing to 1: each person has the same, shared by their clips."""
    clips: dict[str, int] = {}
    for example in examples:
        clips[example.person] = clips.get(example.person, 0) + 1
    return np.array([1.0 / clips[example.person] for example in examples]) / len(clips)


def _manners(habits: list[Habit], weights: Array) -> dict[str, Habit]:
    """The typical habit, that of the calmest third of people and that of the liveliest."""
    size = np.array([np.log(habit.std[:3]).mean() for habit in habits])
    order = np.argsort(size)
    place = np.cumsum(weights[order]) - weights[order] / 2
    rank = np.empty(len(size))
    rank[order] = place
    return {
        "calm": typical(habits, weights * (rank < 1 / 3) + 1e-12),
        "typical": typical(habits, weights),
        "lively": typical(habits, weights * (rank > 2 / 3) + 1e-12),
    }


def target_of(example: Example, facts: CorpusFacts) -> Target:
    """An example in the network's units."""
    pose = example.seen.pose
    hearing = hearing_of(example.prosody, example.features, facts.feature_mean, facts.feature_prior)
    code = (habit_of_example(example).code - facts.code_mean) / facts.code_std
    scaled = (pose - pose.mean(0)) / (pose.std(0) + _LEAST_STD)
    return Target(
        person=example.person,
        motion=np.clip(pairs(scaled), -_LIMIT, _LIMIT),
        prosody=hearing.prosody,
        features=hearing.features,
        code=code.astype(np.float32),
    )


def fit_response(
    examples: Sequence[Example], targets: Sequence[Target], projection: Floats
) -> Array:
    """Ridge regression of log speed on what is heard, `[shape=(lags, columns)]`.

    The squared error of each clip is that about its mean: how fast a person is on average is a
    matter of habit.
    """
    inputs, outputs = [], []
    for example, target in zip(examples, targets, strict=True):
        heard = np.concatenate([target.prosody, target.features @ projection], axis=1)
        heard = np.clip(heard[:, :RESPONSE_COLUMNS], -_LIMIT, _LIMIT).astype(np.float64)
        places, last = np.arange(len(heard)), len(heard) - 1
        rows = [heard[np.clip(places + lag, 0, last)] for lag in RESPONSE_LAGS]
        stacked = np.concatenate(rows, axis=1)
        speed = pairs(smooth(log_speed(example.seen.pose, example.seen.fps), SMOOTH_FRAMES))
        inputs.append(stacked - stacked.mean(0))
        outputs.append(speed - speed.mean())
    x, y = np.concatenate(inputs), np.concatenate(outputs)
    ridge = _RESPONSE_RIDGE * len(x) * np.eye(x.shape[1])
    found = np.linalg.solve(x.T @ x + ridge, x.T @ y)
    return np.asarray(found.reshape(len(RESPONSE_LAGS), RESPONSE_COLUMNS))
