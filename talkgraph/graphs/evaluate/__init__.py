"""How good a result is: graphs that hold a system's motion and pictures against the real ones.

sync     an unseen speaker's own sound drives the general motion, against the tracked motion.
self     a person is learned from the first seconds of a clip and driven by the rest's own sound.
compare  one video against another.

Each is a function of the system's graph, of which it takes the steps `motion` and `fit`, and what
reads the inputs; its other steps may be called as they like. The `Scores` are outputs of the steps
whose names end in ``_scores``: what stands before is the name of the column in a table.
"""

from talkgraph.graphs.evaluate.compare import compare
from talkgraph.graphs.evaluate.self_reenactment import self_reenactment
from talkgraph.graphs.evaluate.sync import sync

__all__ = ["compare", "self_reenactment", "sync"]
