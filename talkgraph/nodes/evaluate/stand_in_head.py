"""`stand_in_head`: a head motion that costs nothing, in the place of a made one, for baselines."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.evaluate.head.similarity import frozen, ping_pong
from talkgraph.nodes.evaluate.head.talks import HeadTalk

_KINDS = {"replay": ping_pong, "frozen": frozen}


@node("stand_in_head", version=1)
class StandInHead(Node):
    """The clip's own motion played back and forth, or its mean pose held, during another speech.

    Example:
        >>> from talkgraph.nodes.evaluate import ObserveHead, StandInHead
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> clip, rest = (ObserveHead().run(synthetic_fit(frames=n).motion) for n in (50, 80))
        >>> StandInHead(kind="replay").run(clip, rest).pose.shape
        (80, 6)
    """

    kind: str = param("replay", "what the head does", choices=tuple(_KINDS))

    def run(self, clip: HeadTalk, real: HeadTalk) -> HeadTalk:
        """Return a head that moves like nothing but the clip while `real` is said."""
        pose = _KINDS[self.kind](clip.pose, len(real))
        return real.with_pose(np.asarray(pose, np.float64))
