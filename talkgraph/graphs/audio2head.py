"""Audio2Head (Wang et al. 2021): one photo, moved as a field that keypoints span.

From a speech and a photo to a video of that person saying it. A recurrent network moves the head
(`head`), another predicts from speech, photo and the head's pose where keypoints of the picture go
(`driving`); between keypoints a third one makes the motion dense (`field`), and a generator paints
the frame. There is no 3D face: shoulders and hair move with the rest.

Its networks may not be passed on: take the authors' checkpoint, then
`models.add('audio2head', 'audio2head.pth.tar')`.

Any other head motion may take the place of `head`; with `project_keypoints` in the place of
`source` and `driving`, a field trained for its keypoints follows any `Motion` (docs/swapping.md).

Where it differs from the public implementation: F0 is tracked by autocorrelation; the photo is cut
around the head and put back into the whole picture; frames beyond the end see the last frame's pose
instead of one further.
"""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph
from talkgraph.graphs.finished import finished
from talkgraph.graphs.quality import Quality
from talkgraph.nodes.audio_features import F0Features
from talkgraph.nodes.backgrounds import PasteBack
from talkgraph.nodes.face_fit import CropHead, DetectFaces
from talkgraph.nodes.keypoint_field import (
    DenseMotion,
    DetectKeypoints,
    GenerateFrames,
    PredictHeadPose,
    PredictKeypoints,
)
from talkgraph.nodes.media import ReadPhoto, ReadSpeech, TakeView
from talkgraph.nodes.networks import LoadNetwork


def graph(quality: Quality = "draft", face: int = 1, mark: bool = True, label: str = "") -> Graph:
    """The graph of the paper; inputs `audio` and `photo`, output `video_out`.

    Args:
        quality: nothing is trained on a photo, so every quality is alike.
        face: which face of the photo speaks, 1 for the largest.
        mark: mark the video as synthetic, see `finished`.
        label: words in a corner of the picture that say so; none if empty.
    """
    return Graph(
        "audio2head",
        inputs={"audio": Path, "photo": Path},
        steps={
            "speech": ReadSpeech().on(audio="audio"),
            "footage": ReadPhoto().on(photo="photo"),
            # The person: the head, half as wide as the picture, as the networks have seen it.
            "face_detector": LoadNetwork(name="face-detector").on(),
            "landmark_network": LoadNetwork(name="face-landmarks-attention").on(),
            "faces": DetectFaces(face=face).on(
                footage="footage", detector="face_detector", landmarks="landmark_network"
            ),
            "view": TakeView().on(footage="footage", view="faces.view"),
            "clip": CropHead(room=2.0, size=256).on(footage="view", faces="faces"),
            # How the head moves.
            "features": F0Features().on(speech="speech"),
            "head_pose_network": LoadNetwork(name="audio2head-head-pose").on(),
            "head": PredictHeadPose().on(
                features="features", clip="clip", network="head_pose_network"
            ),
            # Where the keypoints of the picture go.
            "keypoint_detector": LoadNetwork(name="audio2head-keypoint-detector").on(),
            "source": DetectKeypoints().on(clip="clip", network="keypoint_detector"),
            "keypoint_predictor": LoadNetwork(name="audio2head-keypoint-predictor").on(),
            "driving": PredictKeypoints().on(
                features="features", clip="clip", motion="head", network="keypoint_predictor"
            ),
            # The talk: the photo under the motion that they span.
            "motion_network": LoadNetwork(name="audio2head-dense-motion").on(),
            "field": DenseMotion().on(
                clip="clip", source="source", driving="driving", network="motion_network"
            ),
            "generator": LoadNetwork(name="audio2head-generator").on(),
            "frames": GenerateFrames().on(clip="clip", field="field", network="generator"),
            # Back into the photo, and into a file.
            "pasted": PasteBack().on(frames="frames", footage="view", crop="clip.crop"),
            **finished("pasted", mark=mark, label=label),
        },
        output="video_out",
    )
