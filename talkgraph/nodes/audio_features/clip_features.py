"""Features of the clip's own sound, where it has any."""

from __future__ import annotations

from typing import Any

from talkgraph.engine import Node, node, param
from talkgraph.nodes.audio_features.log_mel import LogMel
from talkgraph.nodes.audio_features.mfcc import Mfcc
from talkgraph.nodes.values import Speech, SpeechFeatures

_NODES: dict[str, Any] = {"mfcc": Mfcc, "log_mel": LogMel}


@node("clip_features", version=1)
class ClipFeatures(Node):
    """What the person in the clip says, for personalisation (section 4.1); None for a silent clip.

    Apart from that it is the node that `feature` names, with its default parameters.

    Example:
        >>> ClipFeatures().run(None) is None  # a silent clip
        True
    """

    feature: str = param("mfcc", "node whose features are taken", choices=("mfcc", "log_mel"))
    fps: float = param(25.0, "video frames per second; one window each", unit="Hz", gt=0)

    def run(self, speech: Speech | None) -> SpeechFeatures | None:
        """Return the features of `speech`, or None where there is none.

        Raises:
            InputError: the speech is shorter than half a video frame.
        """
        if speech is None:
            return None
        features: SpeechFeatures = _NODES[self.feature](fps=self.fps).run(speech)
        return features
