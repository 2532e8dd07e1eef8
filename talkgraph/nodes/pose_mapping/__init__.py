"""From speech to motion (section 3.2): eq. (1), its loss (2), and the fine-tuning of section 4.1.

Nodes
    MapExpression          `map_expression`          SpeechFeatures + OnnxModel + FaceFit -> Motion:
                                                     the face moves, the head is held.
    PersonaliseExpression  `personalise_expression`  OnnxModel + FaceFit + the clip's own
                                                     SpeechFeatures -> OnnxModel: of the person.
    MapMotion              `map_motion`              as the paper: face and head, from MFCC.
    MapCoefficients        `map_coefficients`        as published: the paper's own network and its
                                                     coefficients, from MFCC.
    PersonaliseMapping     `personalise_mapping`     as the paper, section 4.1.
    RestInSilence          `rest_in_silence`         Motion + VoiceActivity + FaceModel + FaceFit +
                                                     the clip's own VoiceActivity -> Motion.
    MoveBrows              `move_brows`            Motion + Speech + FaceModel + FaceFit -> Motion.
    AddBlinks              `add_blinks`              Motion + FaceModel + FaceFit -> Motion.

The general mappings are networks of the model store: `LoadNetwork(name=...)` of
"general-mapping-speech-encoder" for the first two nodes, "general-mapping-mfcc" for the next two.

They stand between audio_features and face_fit on the one side, backgrounds and render on the other.

Helpers: `network` eq. (1); `onnx_file`, `facts`, `inference` the model as a file;
`expression_network`, `_size`, `_file`, `_inference` likewise a small head on a pretrained speech
encoder; `head_pose`, `mouth`, `pauses`, `brows/`, `eyelids` what is done to the prediction;
`personal` what both personalisations ask of a clip; `train/` the corpus, its lags, the losses, the
optimiser, folds, scores, and the synthetic speech of the pretraining. Only the networks, their
files and `train/` need torch, and nothing here imports them before it trains.
"""

from talkgraph.nodes.pose_mapping.add_blinks import AddBlinks
from talkgraph.nodes.pose_mapping.map_coefficients import MapCoefficients
from talkgraph.nodes.pose_mapping.map_expression import MapExpression
from talkgraph.nodes.pose_mapping.map_motion import MapMotion
from talkgraph.nodes.pose_mapping.move_brows import MoveBrows
from talkgraph.nodes.pose_mapping.personalise_expression import PersonaliseExpression
from talkgraph.nodes.pose_mapping.personalise_mapping import PersonaliseMapping
from talkgraph.nodes.pose_mapping.rest_in_silence import RestInSilence

__all__ = [
    "AddBlinks",
    "MapCoefficients",
    "MapExpression",
    "MapMotion",
    "MoveBrows",
    "PersonaliseExpression",
    "PersonaliseMapping",
    "RestInSilence",
]
