"""`stand_in_motion`: what costs nothing, in the place of a made motion, for baselines."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.evaluate.mouth.silence import levels_db
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.values import FaceFit, Floats, Motion, Speech

TINY = 1e-9


@node("stand_in_motion", version=1)
class StandInMotion(Node):
    """A face that stays as it is on average, or one whose mouth opens as the speech gets louder.

    The loud mouth is given the real one's mean and spread of each measure, which no method knows:
    as good as loudness can be.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.evaluate import StandInMotion
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(32000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> model = synthetic_face_model(levels=0)
        >>> StandInMotion(kind="mean").run(synthetic_fit(frames=50), model, speech)
        Motion(...)
    """

    kind: str = param("energy", "what the mouth does", choices=("energy", "mean"))

    def run(self, fit: FaceFit, model: FaceModel, speech: Speech) -> Motion:
        """Return a motion of as many frames as `fit`, with the pose of its mean."""
        real = fit.motion
        seen = real.expression[fit.measured] if fit.measured.any() else real.expression
        count = len(real.expression)
        expression = np.repeat(seen.mean(0, keepdims=True), count, axis=0)
        if self.kind == "energy":
            readout = mouth_readout(model)
            level = np.full(count, -100.0)
            heard = levels_db(speech, real.fps)[:count]
            level[: len(heard)] = heard
            loud = (level - level.mean()) / max(float(level.std()), TINY)
            moved = loud[:, None] * readout.of(seen).std(0)
            expression = expression + readout.lift(np.asarray(moved, np.float32))
        return Motion(
            expression=np.asarray(expression, np.float32),
            rotation=_held(real.rotation),
            translation=_held(real.translation),
            fps=real.fps,
        )


def _held(curves: Floats) -> Floats:
    return np.repeat(curves.mean(0, keepdims=True), len(curves), axis=0)
