"""`decode_head_motion`: the head motion that a pattern makes of a speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, check, node
from talkgraph.nodes.geometry.neck import head_translation
from talkgraph.nodes.geometry.pose import ROTATION
from talkgraph.nodes.head_motion.pattern.networks import decode, open_decoder
from talkgraph.nodes.head_motion.pattern.poses import from_network, seen_talk
from talkgraph.nodes.values import FaceFit, HeadPattern, Motion, OnnxModel, SpeechFeatures

Array = NDArray[np.float64]


@node("decode_head_motion", version=1, gpu=True)
class DecodeHeadMotion(Node):
    """Predict the one head motion that goes with a motion behaviour pattern and a speech.

    The second step of Yi et al. 2022. A squared error leaves the mean of all motions that might go
    with the speech, which is smaller than any of them.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> decoder = LoadNetwork(name="head-pattern-decoder").run()
        >>> pattern = HeadPattern(vector=np.zeros(10, np.float32), place=np.zeros(6, np.float32))
        >>> features = SpeechFeatures(windows=np.zeros((50, 28, 13), np.float32), fps=25.0)
        >>> spoken = synthetic_fit(frames=50).motion
        >>> DecodeHeadMotion().run(spoken, pattern, features, decoder).rotation.shape
        (50, 3)
    """

    def run(
        self,
        motion: Motion,
        pattern: HeadPattern,
        features: SpeechFeatures,
        network: OnnxModel,
        person: FaceFit | None = None,
    ) -> Motion:
        """Return `motion` with a predicted head pose.

        Args:
            motion: what the face does; its pose is replaced.
            pattern: how the head moves.
            features: of the speech, as many windows as `motion` has frames, or fewer: the last is
                held.
            network: a head pattern decoder.
            person: whose head is moved, where it is held in the clip or photo; None: the one that
                the pattern was seen of.

        Raises:
            ModelError: `network` is no such decoder, or was trained on other features.
        """
        session, facts = open_decoder(network, self.node_id)
        place = np.asarray(pattern.place, np.float64)
        if person is not None:
            place = seen_talk(person, None).pose.mean(0)
        predicted = decode(session, features, pattern.vector, facts)
        pose = from_network(predicted[: len(motion.expression)], place, facts)
        missing = len(motion.expression) - len(pose)
        pose = np.pad(pose, [(0, missing), (0, 0)], mode="edge")
        return Motion(
            expression=motion.expression,
            rotation=np.asarray(pose[:, ROTATION], np.float32),
            translation=np.asarray(head_translation(pose), np.float32),
            fps=motion.fps,
        )

    @check("every number is finite", severity="stop")
    def is_finite(self, motion: Motion) -> str:
        """A network that overflows gives no motion, and no video should be made of it."""
        finite = np.isfinite(motion.rotation) & np.isfinite(motion.translation)
        bad = np.asarray(~finite.all(axis=1))
        return f"{int(bad.sum())} of {len(bad)} frames are not" if bad.any() else ""
