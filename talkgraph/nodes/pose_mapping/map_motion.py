"""The node that turns speech into motion."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, check, node, param
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION
from talkgraph.nodes.pose_mapping.facts import MIN_CLIP_FRAMES, MotionFacts
from talkgraph.nodes.pose_mapping.head_pose import (
    habit_around,
    habit_of_clip,
    personal_pose,
    pose_of,
)
from talkgraph.nodes.pose_mapping.inference import open_mapping, predict
from talkgraph.nodes.pose_mapping.mouth import amplify_mouth, keep_lips_apart, mouth_of
from talkgraph.nodes.signals import not_finite
from talkgraph.nodes.values import FaceFit, Floats, Motion, OnnxModel, SpeechFeatures


@node("map_motion", version=1, gpu=True)
class MapMotion(Node):
    """Expression and head pose from speech (section 3.2, eq. 1), in the manner of the person.

    The network predicts movement about a mean. With a clip, mean, spread and range are the clip's;
    with a photo, mean is the photo (lips as in speech) and spread the general one. Spread and
    limits are not in the paper, which leaves the pose as predicted.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.pose_mapping import MapMotion
        >>> from talkgraph.nodes.values import SpeechFeatures
        >>> features = SpeechFeatures(windows=np.zeros((50, 28, 12), np.float32), fps=25.0)
        >>> motion = MapMotion().run(features, LoadNetwork(name="general-mapping-mfcc").run())
        >>> motion.expression.shape, motion.rotation.shape
        ((50, 64), (50, 3))
    """

    max_gain: float = param(
        20.0, "most by which head movement is amplified, per axis and band of frequency", ge=1
    )
    knee: float = param(0.7, "share of a limit up to which the pose is left alone", ge=0, lt=1)
    range_percentile: float = param(
        1.0, "share of the clip's poses left out of its range at either end", unit="%", ge=0, lt=50
    )
    photo_reach: float = param(
        2.0, "range of head movement for a photo", unit="general standard deviations", gt=0
    )
    mouth_strength: float = param(
        0.7, "how far mouth movement is brought to the person's spread", ge=0, le=1
    )
    max_mouth_gain: float = param(2.0, "most by which mouth movement is amplified", ge=1)
    lip_softness: float = param(
        0.1, "softness of lip contact", unit="standard deviations of the opening", gt=0
    )
    chunk: int = param(750, "how many are mapped at a time", unit="frames", ge=1, keyed=False)

    def run(
        self, features: SpeechFeatures, mapping: OnnxModel, person: FaceFit | None = None
    ) -> Motion:
        """Return motion with one frame per window of `features`.

        Args:
            person: fit of the clip or photo; without it the mean face at the origin moves, in a
                general manner.

        Raises:
            ModelError: `mapping` is no mapping, or was trained on other features.
        """
        facts = open_mapping(mapping, self.node_id)
        expression, pose = predict(mapping, features, chunk=self.chunk)
        pose = self._head(pose, facts, person)
        return Motion(
            expression=self._face(expression, facts, person),
            rotation=np.ascontiguousarray(pose[:, ROTATION]),
            translation=np.ascontiguousarray(pose[:, TRANSLATION]),
            fps=features.fps,
        )

    @check("every number is finite", severity="stop")
    def is_finite(self, motion: Motion) -> str:
        """A network that overflows gives no motion, and no video should be made of it."""
        return not_finite(motion.expression, motion.rotation, motion.translation)

    def _head(self, predicted: Floats, facts: MotionFacts, person: FaceFit | None) -> Floats:
        if person is not None and len(pose_of(person)) >= MIN_CLIP_FRAMES:
            habit = habit_of_clip(person, self.range_percentile)
        else:
            place = np.zeros(6, np.float32) if person is None else pose_of(person).mean(0)
            habit = habit_around(place, facts.pose_std, facts.pose_band_std, self.photo_reach)
        return personal_pose(
            predicted,
            habit,
            fps=facts.fps,
            max_gain=self.max_gain,
            knee=self.knee,
        )

    def _face(self, predicted: Floats, facts: MotionFacts, person: FaceFit | None) -> Floats:
        mouth = mouth_of(person, facts)
        moved = amplify_mouth(
            predicted,
            facts.readout,
            mouth.std,
            strength=self.mouth_strength,
            max_gain=self.max_mouth_gain,
        )
        softness = self.lip_softness * float(mouth.std[0])
        return keep_lips_apart(mouth.rest + moved, facts.readout, mouth.closed, softness)
