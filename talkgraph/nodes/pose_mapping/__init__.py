"""From speech to motion (section 3.2): eq. (1), its loss (2), and the fine-tuning of section 4.1.

Nodes
    PersonaliseMapping  (`personalise_mapping`) OnnxModel + FaceFit + the clip's own SpeechFeatures
                                                -> OnnxModel: the person's mapping.
    MapMotion           (`map_motion`)          SpeechFeatures + OnnxModel + FaceFit -> Motion.
    AddBlinks           (`add_blinks`)             Motion + FaceModel + FaceFit -> Motion.

The general mapping is a network of the model store: `LoadNetwork(name="general-mapping-mfcc")`.

They stand between audio_features and face_fit on the one side, backgrounds and render on the other.

Helpers: `network` eq. (1); `onnx_file`, `facts`, `inference` the model as a file;
`expression_network`, `_size`, `_file`, `_inference` likewise a small head on a pretrained speech
encoder; `head_pose`, `mouth`, `eyelids` what is done to the prediction; `train/` the corpus, its
lags, the losses, the optimiser, folds, scores, and the synthetic speech of the pretraining. Only
the networks, their files and `train/` need torch, and nothing here imports them before it trains.
"""

from talkgraph.nodes.pose_mapping.add_blinks import AddBlinks
from talkgraph.nodes.pose_mapping.map_motion import MapMotion
from talkgraph.nodes.pose_mapping.personalise_mapping import PersonaliseMapping

__all__ = ["AddBlinks", "MapMotion", "PersonaliseMapping"]
