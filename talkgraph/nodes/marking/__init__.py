"""A synthetic video says that it is one, to people and to machines.

Nodes
-----
LabelFrames   frames -> frames with words in a corner that say so.
MarkFrames    frames -> frames with an invisible watermark.
StateOrigin   what kind of video it is, for its metadata and credentials -> Origin.
FindMark      frames of any video -> Watermark: is it one of ours?

`pattern/` is what the watermark consists of. The last stage before the file is written.
"""

from talkgraph.nodes.marking.find_mark import FindMark, Watermark
from talkgraph.nodes.marking.label_frames import LabelFrames
from talkgraph.nodes.marking.mark_frames import MarkFrames
from talkgraph.nodes.marking.state_origin import StateOrigin

__all__ = ["FindMark", "LabelFrames", "MarkFrames", "StateOrigin", "Watermark"]
