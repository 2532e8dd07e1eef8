"""Files in, files out: the first and the last stages of every graph.

Nodes
-----
ReadVideo   video file -> Footage: upright, 25 fps by timestamps, with the clip's own sound.
ReadPhoto   photo file -> Footage of one frame.
ReadSpeech  sound or video file -> Speech: 16 kHz mono, and the soundtrack for the output.
PasteBack   head pictures + the frames behind them -> whole frames at the footage's resolution.
WriteVideo  whole frames + Speech -> MP4 file (H.264, AAC).

`open_footage` gives random access to the frames of a Footage; `save` puts a finished file under
the user's name, `lineage_of` reads from a finished video how it came to be. Files from outside are
decoded in a child process with limits (`decode`).
"""

from talkgraph.nodes.media.footage import open_footage
from talkgraph.nodes.media.lineage import lineage_box, lineage_of, unchanged
from talkgraph.nodes.media.paste_back import PasteBack
from talkgraph.nodes.media.read_photo import ReadPhoto
from talkgraph.nodes.media.read_speech import ReadSpeech
from talkgraph.nodes.media.read_video import ReadVideo
from talkgraph.nodes.media.save import check_target, save
from talkgraph.nodes.media.write_video import WriteVideo

__all__ = [
    "PasteBack",
    "ReadPhoto",
    "ReadSpeech",
    "ReadVideo",
    "WriteVideo",
    "check_target",
    "lineage_box",
    "lineage_of",
    "open_footage",
    "save",
    "unchanged",
]
