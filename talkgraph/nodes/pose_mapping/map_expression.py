"""The node that turns speech into the movement of a face, the head apart."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, check, node, param
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION
from talkgraph.nodes.pose_mapping.expression_inference import open_expression_mapping, predict
from talkgraph.nodes.pose_mapping.head_pose import pose_of
from talkgraph.nodes.pose_mapping.mouth import keep_lips_apart, mouth_of
from talkgraph.nodes.signals import not_finite
from talkgraph.nodes.values import FaceFit, Motion, OnnxModel, SpeechFeatures


@node("map_expression", version=1, gpu=True)
class MapExpression(Node):
    """Expression from speech, in the manner of the person; the head is held still.

    Not in the paper, whose mapping (`map_motion`) hears cepstral coefficients and gives the head's
    pose too: a pretrained speech encoder has heard thousands of voices, so that a small network on
    it follows the speech of people that it never saw. The head is left to the nodes of head_motion.

    The network predicts movement about a mean, which is that of the clip, or the photo with lips as
    in speech. How far the mouth moves the general mapping guesses from the face, that of
    `personalise_expression` has learned from the person.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.pose_mapping import MapExpression
        >>> from talkgraph.nodes.values import SpeechFeatures
        >>> mapping = LoadNetwork(name="general-mapping-speech-encoder").run()
        >>> features = SpeechFeatures(windows=np.zeros((50, 1, 384), np.float32), fps=25.0)
        >>> motion = MapExpression().run(features, mapping)
        >>> motion.expression.shape, float(np.ptp(motion.rotation))
        ((50, 64), 0.0)
    """

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
            ModelError: `mapping` is no mapping to expression, or was trained on other features.
        """
        facts = open_expression_mapping(mapping, self.node_id)
        mouth = mouth_of(person, facts.of_person(person))
        expression = keep_lips_apart(
            mouth.rest + facts.gain(person) * predict(mapping, features, chunk=self.chunk),
            facts.readout,
            mouth.closed,
            self.lip_softness * float(mouth.std[0]),
        )
        place = np.zeros(6) if person is None else pose_of(person).mean(0)
        pose = np.repeat(np.asarray(place, np.float32)[None], len(expression), axis=0)
        return Motion(
            expression=expression,
            rotation=np.ascontiguousarray(pose[:, ROTATION]),
            translation=np.ascontiguousarray(pose[:, TRANSLATION]),
            fps=features.fps,
        )

    @check("every number is finite", severity="stop")
    def is_finite(self, motion: Motion) -> str:
        """A network that overflows gives no motion, and no video should be made of it."""
        return not_finite(motion.expression)
