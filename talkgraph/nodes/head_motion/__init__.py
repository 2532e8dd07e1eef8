"""How the head moves while somebody talks: interchangeable nodes, each with one Motion as output.

Place in the chain: after pose_mapping, whose expression is kept and whose pose is replaced; before
backgrounds. `graph.replace(head=ReplayHeadMotion())` swaps one for another.

Nodes
-----
replay_head_motion  `ReplayHeadMotion`: the clip's own motion, forwards and backwards; a baseline.
sample_head_motion  `SampleHeadMotion`: drawn for the speech, in the manner of the person.
encode_head_motion  `EncodeHeadMotion`: FaceFit -> HeadPattern, how a person moves (Yi et al. 2022).
decode_head_motion  `DecodeHeadMotion`: the motion that a pattern makes of a speech, as there.

habit    how a person moves the head
flow     the network of sampling, and drawing a motion from it
manner   a drawn motion made a person's
train    learning the flow
pattern  the networks of encoding and decoding, and their training
"""

from talkgraph.nodes.head_motion.decode_head_motion import DecodeHeadMotion
from talkgraph.nodes.head_motion.encode_head_motion import EncodeHeadMotion
from talkgraph.nodes.head_motion.replay_head_motion import ReplayHeadMotion
from talkgraph.nodes.head_motion.sample_head_motion import SampleHeadMotion

__all__ = ["DecodeHeadMotion", "EncodeHeadMotion", "ReplayHeadMotion", "SampleHeadMotion"]
