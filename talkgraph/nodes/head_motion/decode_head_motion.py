"""`decode_head_motion`: the head motion that a pattern makes of a speech."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, check, node, note, param
from talkgraph.nodes.geometry.neck import head_translation
from talkgraph.nodes.geometry.pose import ROTATION
from talkgraph.nodes.head_motion.pattern.match import matched
from talkgraph.nodes.head_motion.pattern.networks import decode, open_decoder
from talkgraph.nodes.head_motion.pattern.poses import from_network, resampled, seen_talk
from talkgraph.nodes.signals import not_finite
from talkgraph.nodes.values import FaceFit, HeadPattern, Motion, OnnxModel, SpeechFeatures

LEAST_S = 2.0  # of motion: less says nothing about spreads


@node("decode_head_motion", version=1, gpu=True)
class DecodeHeadMotion(Node):
    """Predict the one head motion that goes with a motion behaviour pattern and a speech.

    The second step of Yi et al. 2022. A squared error leaves the mean of all motions that might go
    with the speech, which is smaller than any of them: `matched` gives it the person's size.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.head_motion import DecodeHeadMotion
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import HeadPattern, SpeechFeatures
        >>> decoder = LoadNetwork(name="head-pattern-decoder").run()
        >>> pattern = HeadPattern(vector=np.zeros(10, np.float32), place=np.zeros(6, np.float32))
        >>> features = SpeechFeatures(windows=np.zeros((50, 28, 13), np.float32), fps=25.0)
        >>> spoken = synthetic_fit(frames=50).motion
        >>> DecodeHeadMotion().run(spoken, pattern, features, decoder).rotation.shape
        (50, 3)
    """

    matched: bool = param(
        False, "give the motion the person's spread in each band of frequency, and range (not in "
        "the paper); needs a clip of the person"
    )  # fmt: skip

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
        seen = None if person is None else seen_talk(person, None)
        place = np.asarray(pattern.place if seen is None else seen.pose.mean(0), np.float64)
        if self.matched and seen is not None and len(seen) >= LEAST_S * seen.fps:
            shown = resampled(seen.pose, seen.fps, facts.fps)
            features = repeated(features, len(shown))
            predicted = decode(session, features, pattern.vector, facts)
            pose = place + matched(from_network(predicted, place, facts), shown, facts.fps)
        else:
            if self.matched:
                note("the head's motion keeps its own size: there is no clip to match it to")
            pose = from_network(decode(session, features, pattern.vector, facts), place, facts)
        pose = pose[: len(motion.expression)]
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
        return not_finite(motion.rotation, motion.translation)


def repeated(features: SpeechFeatures, least: int) -> SpeechFeatures:
    """A speech that is heard again and again until it has `least` frames: spreads of less than
    the person was seen for would be compared with spreads of more."""
    count = len(features.windows)
    times = np.arange(-(-least // max(count, 1)) * count) if count < least else np.arange(count)
    windows = features.windows[times % max(count, 1)]
    return SpeechFeatures(windows=windows, fps=features.fps)
