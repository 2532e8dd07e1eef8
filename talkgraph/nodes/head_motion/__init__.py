"""How the head moves while somebody talks: interchangeable nodes, each with one Motion as output.

Place in the chain: after pose_mapping, whose expression is kept and whose pose is replaced; before
backgrounds. `graph.replace(head=ReplayHeadMotion())` swaps one for another.

Nodes
-----
replay_head_motion  `ReplayHeadMotion`: the clip's own motion, forwards and backwards; a baseline.

habit   how a person moves the head
"""

from talkgraph.nodes.head_motion.replay_head_motion import ReplayHeadMotion

__all__ = ["ReplayHeadMotion"]
