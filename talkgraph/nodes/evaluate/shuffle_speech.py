"""`shuffle_speech`: the same sound at the wrong time, for a baseline."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.values import Floats, Speech


@node("shuffle_speech", version=1)
class ShuffleSpeech(Node):
    """A speech rolled in time: what a mapping makes of it should not agree with the real face.

    If it does, the mapping gives away position in the clip or its mean, not what is said.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.evaluate import ShuffleSpeech
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.arange(16000, dtype=np.float32) / 16000
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> ShuffleSpeech().run(speech).samples[:2]
        array([0.5      , 0.5000625], dtype=float32)
    """

    share: float = param(0.5, "of the speech by which it is rolled", gt=0, lt=1)

    def run(self, speech: Speech) -> Speech:
        """Return the speech rolled by `share` of its length; what leaves at the end comes first."""

        def rolled(sound: Floats) -> Floats:
            return np.roll(sound, -round(self.share * len(sound)), axis=0)

        return Speech(
            samples=rolled(speech.samples),
            rate=speech.rate,
            soundtrack=rolled(speech.soundtrack),
            soundtrack_rate=speech.soundtrack_rate,
        )
