"""`compare_seeds`: whether one speech can be accompanied in more than one way."""

from __future__ import annotations

from talkgraph.engine import Node, node
from talkgraph.nodes.evaluate.head.habits import diversity
from talkgraph.nodes.evaluate.head.talks import HeadTalk
from talkgraph.nodes.evaluate.scores import Scores, same_count


@node("compare_seeds", version=1)
class CompareSeeds(Node):
    """Diversity of two heads that differ in nothing but the seed.

    Example:
        >>> from talkgraph.nodes.evaluate import CompareSeeds, ObserveHead
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> still = ObserveHead().run(synthetic_fit(frames=50).motion)
        >>> CompareSeeds().run(still, still, still).values
        {'diversity': 0.0}
    """

    def run(self, one: HeadTalk, other: HeadTalk, real: HeadTalk) -> Scores:
        """Return diversity: spread over the two, in spreads of the real head in time.

        Raises:
            InputError: the two are of different length.
        """
        same_count(len(one), len(other), "compare_seeds")
        return Scores(values={"diversity": diversity([one.pose, other.pose], real.pose)})
