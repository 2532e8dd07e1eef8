"""Says what kind of video is made."""

from __future__ import annotations

from talkgraph.engine import Node, node, param
from talkgraph.nodes.values import Origin

SOURCE_TYPES = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")


@node("state_origin", version=1)
class StateOrigin(Node):
    """That a video is synthetic, in IPTC's terms, as the EU AI Act, Art. 50(2), wants it said.

    `write_video` says it in the file's metadata; a graph with this step is published with content
    credentials, which say it under a signature (`nodes.media.publish`).

    Example:
        >>> from talkgraph.nodes.marking import StateOrigin
        >>> StateOrigin().run().uri.rpartition("/")[2]
        'compositeWithTrainedAlgorithmicMedia'
    """

    source_type: str = param(
        "compositeWithTrainedAlgorithmicMedia",
        "whether all of it is made by networks, or a recording is part of it",
        choices=SOURCE_TYPES,
    )

    def run(self) -> Origin:
        """Return the statement."""
        return Origin(source_type=self.source_type)
