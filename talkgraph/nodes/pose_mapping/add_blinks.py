"""Blinks: speech does not predict them, and a face that never blinks looks dead."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.lids import lids_of
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.pose_mapping.eyelids import blinks_in_clip, closing_by_model
from talkgraph.nodes.pose_mapping.facts import MIN_CLIP_FRAMES
from talkgraph.nodes.pose_mapping.mouth import expression_of
from talkgraph.nodes.signals import smoothstep
from talkgraph.nodes.values import FaceFit, Floats, Motion


@node("add_blinks", version=1)
class AddBlinks(Node):
    """Superimpose blinks on a motion without any (not in the paper).

    Direction and rate are the person's own where the clip shows at least two blinks; otherwise the
    direction closes the lids of the face model and the rate is general.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.pose_mapping import AddBlinks
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=250)
        >>> motion = AddBlinks(seed=1).run(fit.motion, model)
        >>> bool(motion.expression.any()), bool(motion.rotation.any())  # only lids move
        (True, False)
    """

    seed: int = param(0, "seed of the blinks' times", ge=0)
    rate: float = param(15.0, "rate of blinks where the clip does not tell", unit="1/min", ge=0)
    max_rate: float = param(30.0, "highest rate taken from a clip", unit="1/min", ge=0)
    own: bool = param(True, "take direction and rate from the clip's own blinks")
    closing_s: float = param(0.08, "time in which the lids close", unit="s", gt=0)
    closed_s: float = param(0.04, "time for which they stay closed", unit="s", ge=0)
    opening_s: float = param(0.16, "time in which they open", unit="s", gt=0)
    closed_below: float = param(
        0.6, "a clip's frame counts as a blink below this part of the usual opening", gt=0, lt=1
    )
    stillness: float = param(0.3, "weight that keeps the rest of the face still", ge=0)

    def run(self, motion: Motion, model: FaceModel, person: FaceFit | None = None) -> Motion:
        """Return `motion` with blinks in its expression.

        Raises:
            ModelError: the face model has no lid or mouth landmarks.
        """
        closing, per_minute = self._habit(motion, model, person)
        closure = self.closure(len(motion.expression), motion.fps, per_minute)
        expression = motion.expression + closure[:, None] * closing
        return Motion(
            expression=np.asarray(expression, np.float32),
            rotation=motion.rotation,
            translation=motion.translation,
            fps=motion.fps,
        )

    def closure(self, count: int, fps: float, per_minute: float) -> Floats:
        """How far the lids are closed in each of `count` frames, `[shape=(count,)]` in [0, 1]."""
        time = (np.arange(count) + 0.5) / fps
        closure = np.zeros(count)
        for start in self._starts(count / fps, per_minute):
            # The lids meet at the middle of a frame: a blink is as short as three frames.
            met = (np.floor((start + self.closing_s) * fps) + 0.5) / fps
            closing = smoothstep((time - met) / self.closing_s + 1)
            opening = smoothstep((time - met - self.closed_s) / self.opening_s)
            closure = np.maximum(closure, closing - opening)
        return closure.astype(np.float32)

    def _starts(self, seconds: float, per_minute: float) -> list[float]:
        if per_minute <= 0:
            return []
        random = np.random.default_rng(self.seed)
        mean = 60.0 / per_minute
        length = self.closing_s + self.closed_s + self.opening_s
        # Intervals of spontaneous blinks are skewed: a gamma distribution of shape 2.
        scale = max(mean - length, 0.1) / 2.0
        starts, now = [], float(random.uniform(0.3, max(mean, 0.6)))
        while now + length < seconds:
            starts.append(now)
            now += length + float(random.gamma(2.0, scale))
        return starts

    def _habit(
        self, motion: Motion, model: FaceModel, person: FaceFit | None
    ) -> tuple[Floats, float]:
        identity = np.zeros(0, np.float32) if person is None else person.identity
        if self.own and person is not None and len(expression_of(person)) >= MIN_CLIP_FRAMES:
            seen = blinks_in_clip(
                person,
                lids_of(model, identity),
                mouth_readout(model),
                closed_below=self.closed_below,
                around_s=self.closing_s + self.opening_s,
            )
            if seen is not None:
                minutes = len(person.motion.expression) / person.motion.fps / 60
                return seen.closing, min(len(seen.frames) / minutes, self.max_rate)
        rest = np.median(motion.expression, axis=0).astype(np.float32)
        return closing_by_model(model, identity, rest, self.stillness), self.rate
