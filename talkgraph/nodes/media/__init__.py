"""Files in, files out: the first and the last stages of every graph.

Nodes
-----
ReadVideo   video file -> Footage: upright, 25 fps by timestamps, with the clip's own sound.
ReadPhoto   photo file -> Footage of one frame.
ReadSpeech  sound or video file -> Speech: 16 kHz mono, and the soundtrack for the output.
WriteVideo  whole frames + Speech -> MP4 file (H.264, AAC).

`save` puts a finished file under
the user's name, `lineage_of` reads from a finished video how it came to be. Files from outside are
decoded in a child process with limits (`decode`).
"""

from talkgraph.nodes.media.provenance_box import lineage_box, lineage_of, unchanged
from talkgraph.nodes.media.read_photo import ReadPhoto
from talkgraph.nodes.media.read_speech import ReadSpeech
from talkgraph.nodes.media.read_video import ReadVideo
from talkgraph.nodes.media.save import check_target, save
from talkgraph.nodes.media.write_video import WriteVideo

__all__ = [
    "ReadPhoto",
    "ReadSpeech",
    "ReadVideo",
    "WriteVideo",
    "check_target",
    "lineage_box",
    "lineage_of",
    "save",
    "unchanged",
]
