"""What the mapping hears: features of the speech, one window per video frame (section 3.2).

Nodes
    Mfcc    `mfcc`     Speech | None -> SpeechFeatures: 28 x 12 cepstral coefficients.
    LogMel  `log_mel`  Speech | None -> SpeechFeatures: 28 x 40 log mel energies, a swap.

They stand between media (which reads the speech, and the clip's own sound) and pose_mapping. A clip
without sound has no windows. A mapping is trained for one of the two: its facts name the node and
the number of bins that it needs.
"""

from talkgraph.nodes.audio_features.log_mel import LogMel
from talkgraph.nodes.audio_features.mfcc import Mfcc

__all__ = ["LogMel", "Mfcc"]
