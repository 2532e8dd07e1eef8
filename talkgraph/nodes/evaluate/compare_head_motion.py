"""`compare_head_motion`: HS of eq. (6) with the baseline it needs, and jitter."""

from __future__ import annotations

from talkgraph.engine import Node, node, param
from talkgraph.nodes.evaluate.head.similarity import BINS, head_similarity, replay_similarity
from talkgraph.nodes.evaluate.head.spread import jitter
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.values import Motion


@node("compare_head_motion", version=1)
class CompareHeadMotion(Node):
    """Similarity of head motion (HS) beside its replay baseline, and jitter.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> still = synthetic_fit(frames=50).motion
        >>> CompareHeadMotion().run(still, still)
        Scores(...)
    """

    bins: int = param(BINS, "bins of the angles' histograms", ge=2)

    def run(self, generated: Motion, real: Motion, clip: Motion | None = None) -> Scores:
        """Return hs, jitter and jitter_real (rad), and with `clip`, the input, also hs_replay.

        Args:
            generated: the motion of the result.
            real: the motion of the person that it is compared with.
            clip: the input clip, whose ping-pong replay is the baseline of hs.
        """
        values = {
            "hs": head_similarity(generated.rotation, real.rotation, self.bins),
            "jitter": jitter(generated.rotation),
            "jitter_real": jitter(real.rotation),
        }
        if clip is not None:
            values["hs_replay"] = replay_similarity(
                clip.rotation, real.rotation, len(generated.rotation), self.bins
            )
        return Scores(values=values)
