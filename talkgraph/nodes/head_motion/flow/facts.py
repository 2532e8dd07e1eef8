"""What the ONNX file of a head-motion flow says about itself, as typed values and plain text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.nodes.head_motion.habit.habit import Habit
from talkgraph.nodes.values import OnnxModel, SpeechFeatures

KIND = "head-motion flow"
REMEDY = "LoadNetwork(name='head-motion')"

Array = NDArray[np.float64]


def _array(values: Any) -> Array:
    return np.asarray(values, np.float64)


def _lags(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


def _habits(values: Mapping[str, Any]) -> dict[str, Habit]:
    return {
        name: value if isinstance(value, Habit) else Habit(**value)
        for name, value in values.items()
    }


@attrs.frozen(kw_only=True, eq=False)
class FlowFacts:
    """Everything that is needed to draw motion from a flow.

    fps: video frames per second; the network works on pairs of frames.
    feature: id of the node that makes the features that it hears.
    feature_mean: `[shape=(bins,)]`, over all training speech.
    feature_prior: frames' worth of weight that it has against the speech's own mean.
    code_mean, code_std: `[shape=(13,)]`, of `Habit.code`.
    response: `[shape=(lags, columns)]`, how log speed follows the network's `heard` columns.
    response_lags: `[shape=(lags,)]`, in pairs of frames, positive for what is still to be said.
    manners: habits of people in general, by name.
    """

    fps: float
    feature: str
    feature_mean: Array = attrs.field(converter=_array)
    feature_prior: float
    code_mean: Array = attrs.field(converter=_array)
    code_std: Array = attrs.field(converter=_array)
    response: Array = attrs.field(converter=_array)
    response_lags: tuple[int, ...] = attrs.field(converter=_lags)
    manners: dict[str, Habit] = attrs.field(converter=_habits)
    licence: str = ""
    card: str = ""

    def as_text(self) -> dict[str, str]:
        """Facts as plain text, one JSON value per key (`licence` and `card` as they are)."""
        text = {"kind": KIND, "licence": self.licence, "card": self.card}
        for field in attrs.fields(FlowFacts):
            if field.name not in text:
                text[field.name] = json.dumps(_plain(getattr(self, field.name)))
        return text

    @classmethod
    def of(cls, model: OnnxModel) -> FlowFacts:
        """Read the facts of `model`.

        Raises:
            ModelError: it is no flow, or its facts are incomplete.
        """
        facts = model.facts
        if facts.get("kind") != KIND:
            raise ModelError(
                f"{model.file.path.name} is not a {KIND} (kind: {facts.get('kind', 'none')!r}); "
                f"take {REMEDY}"
            )
        try:
            values: dict[str, Any] = {"licence": facts["licence"], "card": facts["card"]}
            for field in attrs.fields(cls):
                if field.name not in values:
                    values[field.name] = json.loads(facts[field.name])
            return cls(**values)
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ModelError(
                f"the facts of {model.file.path.name} are incomplete ({error}); train it again"
            ) from error

    def check(self, features: SpeechFeatures) -> None:
        """Raise ModelError where the features are not those that the flow was trained on."""
        bins = len(self.feature_mean)
        if features.windows.shape[1:] != (1, bins) or features.fps != self.fps:
            rows, has = features.windows.shape[1:]
            raise ModelError(
                f"the head-motion flow needs 1 x {bins} windows of '{self.feature}' at "
                f"{self.fps:g} fps and got {rows} x {has} at {features.fps:g} fps; set the audio "
                "node to match"
            )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(x) if x.ndim else float(f"{x:.6g}") for x in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Habit):
        return {field.name: _plain(getattr(value, field.name)) for field in attrs.fields(Habit)}
    return value
