"""What the mapping hears: features of the speech, one window per video frame (section 3.2).

Nodes
    Mfcc           `mfcc`            Speech | None -> SpeechFeatures: 28 x 12 cepstral numbers.
    LogMel         `log_mel`         Speech | None -> SpeechFeatures: 28 x 40 log mel energies.
    F0Features     `f0_features`     Speech | None -> SpeechFeatures: 4 x 41, MFCC, log mel, pitch.
    SpeechEncoder  `speech_encoder`  Speech | None, OnnxModel -> SpeechFeatures: 1 x 384 numbers.
    DetectVoice    `detect_voice`    Speech | None, OnnxModel -> VoiceActivity: does somebody speak?

They stand between media (which reads the speech, and the clip's own sound) and pose_mapping. A clip
without sound has no windows. A mapping is trained for one of the nodes: its facts name it and the
number of bins that it needs.

framing.py           rows about a video frame, for the first two
encoding_windows.py  the pieces of a speech that the encoder hears, faded into each other
whisper_mel.py       how it hears a piece
"""

from talkgraph.nodes.audio_features.detect_voice import DetectVoice
from talkgraph.nodes.audio_features.f0_features import F0Features
from talkgraph.nodes.audio_features.log_mel import LogMel
from talkgraph.nodes.audio_features.mfcc import Mfcc
from talkgraph.nodes.audio_features.speech_encoder import SpeechEncoder

__all__ = ["DetectVoice", "F0Features", "LogMel", "Mfcc", "SpeechEncoder"]
