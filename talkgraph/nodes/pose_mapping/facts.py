"""What a mapping's ONNX file says about itself, as typed values and as plain text.

A network alone is useless: its input is normalised per speech, its output is relative to the
mean of a clip and in units of the spread within clips. The text lies in the ONNX metadata and
in `OnnxModel.facts`.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Self

import attrs
import numpy as np

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.face_spread import FaceSpread, LinearGuess
from talkgraph.nodes.values import FaceFit, Floats, OnnxModel, SpeechFeatures

MIN_CLIP_FRAMES = 25  # fewer frames than one second say nothing about spread
FARTHEST = 6.0  # standard deviations that a feature may lie off its mean: no net has seen more


def _array(values: Any) -> Floats:
    return np.asarray(values, np.float32)


@attrs.frozen(kw_only=True, eq=False)
class MappingFacts:
    """Everything that is needed to use and to fine-tune a mapping from speech to expression.

    feature: id of the node that makes its input: `speech_encoder`, `mfcc` or `log_mel`.
    fps: video frames per second.
    feature_mean, feature_std: `[shape=(bins,)]`, over all training speech.
    feature_prior: frames' worth of weight that these have against the speech's own mean and std.
    expression_rest: `[shape=(64,)]`, mean of the training clips' mean expressions.
    expression_std: `[shape=(64,)]`, spread about a clip's mean; unit of the network's output.
    readout: linear measures of the mouth over the expression.
    mouth_std: `[shape=(len(readout.names),)]`, their spread about a clip's mean.
    size: the fields of the network's size, `ExpressionSize` or `MappingSize`.
    card: model card: data, split, figures, licence.
    """

    kind: ClassVar[str]
    shipped: ClassVar[str]

    feature: str
    fps: float
    feature_mean: Floats = attrs.field(converter=_array)
    feature_std: Floats = attrs.field(converter=_array)
    feature_prior: float
    expression_rest: Floats = attrs.field(converter=_array)
    expression_std: Floats = attrs.field(converter=_array)
    readout: Readout
    mouth_std: Floats = attrs.field(converter=_array)
    size: dict[str, Any]
    licence: str = ""
    card: str = ""

    @property
    def mouth_of_normalised(self) -> Floats:
        """Measures of the network's output in units of their spread, `[shape=(names, 64)]`."""
        return _array(self.readout.rows * self.expression_std / self.mouth_std[:, None])

    def as_text(self) -> dict[str, str]:
        """Facts as plain text, one JSON value per key (`licence` and `card` as they are)."""
        text = {"kind": self.kind, "licence": self.licence, "card": self.card}
        for field in attrs.fields(type(self)):
            if field.name not in text:
                text[field.name] = json.dumps(_plain(getattr(self, field.name)))
        return text

    @classmethod
    def of(cls, model: OnnxModel) -> Self:
        """Read the facts of `model`.

        Raises:
            ModelError: it is not such a mapping, or its facts are incomplete.
        """
        facts = model.facts
        if facts.get("kind") != cls.kind:
            raise ModelError(
                f"{model.file.path.name} is not a {cls.kind} (kind: {facts.get('kind', 'none')!r});"
                f' take LoadNetwork(name="{cls.shipped}") or a personalised one'
            )
        try:
            values: dict[str, Any] = {"licence": facts["licence"], "card": facts["card"]}
            for field in attrs.fields(cls):
                if field.name not in values:
                    values[field.name] = json.loads(facts[field.name])
            return cls(**cls._typed(values))
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ModelError(
                f"the facts of {model.file.path.name} are incomplete ({error}); train it again"
            ) from error

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Plain values as those of the fields that are no numbers, texts or arrays."""
        names, rows = tuple(values["readout"]["names"]), values["readout"]["rows"]
        return {**values, "readout": Readout(names=names, rows=rows)}

    def check(self, features: SpeechFeatures) -> None:
        """Raise ModelError where the features are not those that the mapping was trained on."""
        shape = (self.size["rows"], self.size["bins"])
        if features.windows.shape[1:] != shape or features.fps != self.fps:
            raise ModelError(
                f"the mapping needs {shape[0]} x {shape[1]} windows of '{self.feature}' at "
                f"{self.fps:g} fps and got {features.windows.shape[1]} x "
                f"{features.windows.shape[2]} at {features.fps:g} fps; set the audio node to match"
            )


@attrs.frozen(kw_only=True, eq=False)
class ExpressionFacts(MappingFacts):
    """Facts of a mapping that gives expression alone, each person's in units of their own spread.

    spread: how far from the general spread a person's is.
    """

    kind: ClassVar[str] = "speech-to-expression mapping"
    shipped: ClassVar[str] = "general-mapping-speech-encoder"

    spread: FaceSpread

    def gain(self, person: FaceFit | None) -> float:
        """By how much more than people in general the person of a clip or photo moves the mouth."""
        if person is None:
            return self.spread.gain(None)
        seen = person.motion.expression[person.measured]
        if len(seen) < MIN_CLIP_FRAMES:
            return self.spread.gain(person.identity)
        return self.spread.gain(person.identity, self.readout.of(seen.mean(0)))

    def of_person(self, person: FaceFit | None) -> Self:
        """In units of the person's own spread, as far as the face tells it."""
        gain = self.gain(person)
        known = FaceSpread.told(len(self.readout.names), len(self.spread.photo.mean))
        return attrs.evolve(
            self,
            expression_std=self.expression_std * gain,
            mouth_std=self.mouth_std * gain,
            spread=known,
        )

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        guesses = {key: LinearGuess(**told) for key, told in values["spread"].items()}
        return super()._typed({**values, "spread": FaceSpread(**guesses)})


@attrs.frozen(kw_only=True, eq=False)
class MotionFacts(MappingFacts):
    """Facts of a mapping that gives the head's pose too, eq. (1).

    pose_std: `[shape=(6,)]`, spread of rotation (rad) and translation about a clip's mean.
    pose_band_std: `[shape=(3, 6)]`, the same in each band of `head_pose.BANDS_HZ`.
    """

    kind: ClassVar[str] = "speech-to-motion mapping"
    shipped: ClassVar[str] = "general-mapping-mfcc"

    pose_std: Floats = attrs.field(converter=_array)
    pose_band_std: Floats = attrs.field(converter=_array)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(x) if x.ndim else float(f"{x:.7g}") for x in value]
    if isinstance(value, Readout):
        return {"names": list(value.names), "rows": [_plain(row) for row in value.rows]}
    if isinstance(value, FaceSpread | LinearGuess):
        return {key: _plain(one) for key, one in attrs.asdict(value, recurse=False).items()}
    return value


@attrs.frozen(eq=False)
class FeatureScale:
    """Mean and spread of one speech's features, `[shape=(bins,), float32]` each."""

    mean: Floats
    std: Floats

    def apply(self, windows: Floats) -> Floats:
        """Normalise windows `[shape=(..., bins)]`."""
        scaled = (windows - self.mean) / self.std
        return np.asarray(np.clip(scaled, -FARTHEST, FARTHEST), np.float32)


def speech_scale(windows: Floats, facts: MappingFacts) -> FeatureScale:
    """Normalisation per speech, drawn towards that of the training data where the speech is short.

    Microphone and room colour the features by a constant that says nothing about the lips.
    Only the middle row of each window enters: the windows overlap.
    """
    middle = windows[:, windows.shape[1] // 2].astype(np.float64)
    if not len(middle):
        return FeatureScale(facts.feature_mean, facts.feature_std)
    own = len(middle) / (len(middle) + facts.feature_prior)
    mean = own * middle.mean(0) + (1 - own) * facts.feature_mean
    std = own * middle.std(0) + (1 - own) * facts.feature_std
    return FeatureScale(_array(mean), _array(np.maximum(std, 1e-3)))
