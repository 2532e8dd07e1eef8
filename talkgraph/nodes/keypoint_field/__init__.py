"""One photo moved as a field of motion says: the picture of Audio2Head (Wang et al. 2021).

Place in the chain: after audio_features, or after head_motion, whose motion may drive it; before
backgrounds' paste_back. It takes the place of albedo, render and composite.

Nodes
-----
predict_head_pose  `PredictHeadPose`: SpeechFeatures, Clip, OnnxModel -> Motion, as Audio2Head.
detect_keypoints   `DetectKeypoints`: Clip, OnnxModel -> Keypoints, of the photo or of a clip.
predict_keypoints  `PredictKeypoints`: SpeechFeatures, Clip, Motion, OnnxModel -> Keypoints.
project_keypoints  `ProjectKeypoints`: Motion, FaceFit, FaceModel -> Keypoints, for any motion.
dense_motion       `DenseMotion`: Clip, Keypoints, Keypoints, OnnxModel -> MotionField.
generate_frames    `GenerateFrames`: Clip, MotionField, OnnxModel -> Frames.

networks        what each network takes and makes
pictures        photos and frames as the networks take and make them
pose_box        a head pose in Audio2Head's camera, and drawn as a box, by box_lines
windows         stretches of frames that are predicted at once, and what is kept of each
mesh_keypoints  keypoints from points of the face mesh
detail          what a larger photo shows beyond the generator's 256 px
train           learning a light field, its keypoints from speech, and a head's pose
"""

from talkgraph.nodes.keypoint_field.dense_motion import DenseMotion
from talkgraph.nodes.keypoint_field.detect_keypoints import DetectKeypoints
from talkgraph.nodes.keypoint_field.generate_frames import GenerateFrames
from talkgraph.nodes.keypoint_field.predict_head_pose import PredictHeadPose
from talkgraph.nodes.keypoint_field.predict_keypoints import PredictKeypoints
from talkgraph.nodes.keypoint_field.project_keypoints import ProjectKeypoints

__all__ = [
    "DenseMotion",
    "DetectKeypoints",
    "GenerateFrames",
    "PredictHeadPose",
    "PredictKeypoints",
    "ProjectKeypoints",
]
