"""What the ONNX file of a pattern network says about itself."""

from __future__ import annotations

import json
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.nodes.values import Floats, OnnxModel, SpeechFeatures

HEAD, NECK = "head", "neck about its mean"
"""Which pose enters and leaves a network."""


@attrs.frozen(kw_only=True, eq=False)
class PatternFacts:
    """Everything that is needed to use a pattern encoder or decoder.

    pose: `HEAD` or `NECK`.
    fps: video frames per second.
    feature: id of the node that makes the features.
    rows, stride: feature rows of a window, and from one video frame to the next (decoder).
    feature_mean: `[shape=(bins,)]`, over all training speech, less which the features enter; None:
        they enter as they are.
    feature_prior: frames' worth of weight that it has against the speech's own mean.
    """

    pose: str = NECK
    fps: float = 25.0
    feature: str = "mfcc"
    rows: int = 28
    stride: int = 4
    feature_mean: NDArray[np.float64] | None = None
    feature_prior: float = 0.0

    def as_text(self) -> dict[str, str]:
        """Facts as plain text."""
        text = {"pose": self.pose, "feature": self.feature}
        numbers: dict[str, Any] = {"fps": self.fps, "feature_prior": self.feature_prior}
        if self.feature_mean is not None:
            numbers["feature_mean"] = [float(f"{x:.6g}") for x in self.feature_mean]
        return text | {name: json.dumps(value) for name, value in numbers.items()}

    @classmethod
    def of(cls, model: OnnxModel, kind: str) -> PatternFacts:
        """Read the facts of `model`.

        Raises:
            ModelError: it is no `kind`, or its facts are incomplete.
        """
        facts = model.facts
        name = model.file.path.name
        if facts.get("kind") != kind:
            raise ModelError(
                f"{name} is not a {kind} (kind: {facts.get('kind', 'none')!r}); take "
                f"LoadNetwork(name='{kind.replace(' ', '-')}')"
            )
        try:
            values: dict[str, Any] = {"pose": facts["pose"], "feature": facts["feature"]}
            for key in ("fps", "rows", "stride", "feature_prior"):
                if key in facts:
                    values[key] = float(facts[key]) if key == "fps" else json.loads(facts[key])
            if "feature_mean" in facts:
                values["feature_mean"] = np.asarray(json.loads(facts["feature_mean"]), np.float64)
            if values["pose"] not in (HEAD, NECK) or not values["fps"] > 0:
                raise ValueError("pose or fps")
            return cls(**values)
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ModelError(f"the facts of {name} are incomplete ({error}); make it again") from (
                error
            )

    def check(self, features: SpeechFeatures, bins: int) -> None:
        """Raise ModelError where the features are not those that the decoder was trained on."""
        if features.windows.shape[1:] != (self.rows, bins) or features.fps != self.fps:
            rows, has = features.windows.shape[1:]
            remedy = "Mfcc(keep_zeroth=True)" if self.feature == "mfcc" else "the audio node"
            raise ModelError(
                f"the head pattern decoder needs {self.rows} x {bins} windows of "
                f"'{self.feature}' at {self.fps:g} fps and got {rows} x {has} at "
                f"{features.fps:g} fps; set {remedy} to match"
            )

    def centred(self, windows: Floats) -> Floats:
        """Features `[shape=(T, rows, bins), float32]` as they enter the network.

        Less their mean where the network was trained so: microphone and room colour the features
        by a constant. Of a short speech the mean is drawn towards that of all speech.
        """
        if self.feature_mean is None or not len(windows):
            return windows
        middle = windows[:, windows.shape[1] // 2].mean(0, dtype=np.float64)
        own = len(windows) / (len(windows) + self.feature_prior)
        centre = own * middle + (1 - own) * self.feature_mean
        return np.asarray(windows - centre, np.float32)
