"""What the mapping hears: features of the speech, one window per video frame (section 3.2).

Nodes
    Mfcc          `mfcc`           Speech -> SpeechFeatures: 28 x 12 cepstral coefficients.
    LogMel        `log_mel`        Speech -> SpeechFeatures: 28 x 40 log mel energies, a swap.
    ClipFeatures  `clip_features`  Speech | None -> SpeechFeatures | None: of the clip's own sound.

They stand between media (which reads the speech) and pose_mapping. A mapping is trained for one of
the two: its facts name the node and the number of bins that it needs.
"""

from talkgraph.nodes.audio_features.clip_features import ClipFeatures
from talkgraph.nodes.audio_features.log_mel import LogMel
from talkgraph.nodes.audio_features.mfcc import Mfcc

__all__ = ["ClipFeatures", "LogMel", "Mfcc"]
