"""Files in, files out: the first and the last stages of every graph.

Nodes
-----
ReadVideo   video file -> Footage: upright, 25 fps by timestamps, with the clip's own sound.
ReadPhoto   photo file -> Footage of one frame.
ReadSpeech  sound or video file -> Speech: 16 kHz mono, and the soundtrack for the output.
CutFootage  some seconds of a Footage, with their sound.
TakeView    the part of a Footage that is worked on: a shot, or the surroundings of a face.
TakeSound   Footage -> its Speech, where there has to be one.
PlayFootage Footage -> whole frames.
WriteVideo  whole frames + Speech + Origin -> MP4 file (H.264, AAC).
ReopenVideo that file -> Footage.

Helpers
-------
publish         puts a finished video under the user's name, marked and signed.
save            puts any file there.
credentials     who says what made a video, signed (C2PA).
xmp             that it is synthetic, in metadata that any program reads.
provenance      how an output came to be, as a small document.
provenance_box  the box of an MP4 file that holds it; `provenance_of` reads it.
boxes           the boxes that an MP4 file consists of.
decode          files from outside, opened in a child process with limits (`decoder/`).
kinds           which kind of file it is, by its first bytes; `told_kind` says what to give it as.
resample        which source frame is shown at each moment of a constant rate.
"""

from talkgraph.nodes.media.credentials import credentials_of, local_identity, read_identity
from talkgraph.nodes.media.cut_footage import CutFootage
from talkgraph.nodes.media.play_footage import PlayFootage
from talkgraph.nodes.media.provenance_box import provenance_of, unchanged
from talkgraph.nodes.media.publish import Marks, publish
from talkgraph.nodes.media.read_photo import ReadPhoto
from talkgraph.nodes.media.read_speech import ReadSpeech
from talkgraph.nodes.media.read_video import ReadVideo
from talkgraph.nodes.media.reopen_video import ReopenVideo
from talkgraph.nodes.media.save import check_target, save
from talkgraph.nodes.media.take_sound import TakeSound
from talkgraph.nodes.media.take_view import TakeView
from talkgraph.nodes.media.told_kind import told_kind
from talkgraph.nodes.media.write_video import WriteVideo

__all__ = [
    "CutFootage",
    "Marks",
    "PlayFootage",
    "ReadPhoto",
    "ReadSpeech",
    "ReadVideo",
    "ReopenVideo",
    "TakeSound",
    "TakeView",
    "WriteVideo",
    "check_target",
    "credentials_of",
    "local_identity",
    "provenance_of",
    "publish",
    "read_identity",
    "save",
    "told_kind",
    "unchanged",
]
