"""Node `PredictKeypoints`: keypoints from speech, photo and head pose, as Audio2Head has it."""

from __future__ import annotations

import numpy as np

from talkgraph import engine
from talkgraph.engine import Node, node
from talkgraph.errors import InputError
from talkgraph.models.sessions import open_network
from talkgraph.nodes.keypoint_field.features import checked_features
from talkgraph.nodes.keypoint_field.networks import PREDICTOR, WINDOW
from talkgraph.nodes.keypoint_field.pictures import photo_of
from talkgraph.nodes.keypoint_field.pose_box import drawn, pose_there
from talkgraph.nodes.keypoint_field.windows import kept, starts
from talkgraph.nodes.values import Clip, Floats, Keypoints, Motion, OnnxModel, SpeechFeatures


@node("predict_keypoints", version=1, gpu=True)
class PredictKeypoints(Node):
    """Predict where the keypoints of the photo go while the speech is said.

    Audio2Head's second stage: windows of 64 frames at once, of what is heard, the photo, and the
    head pose drawn as a box. Beyond the end the network hears zeros and sees the last pose.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.keypoint_field import PredictKeypoints
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, Motion, SpeechFeatures
        >>> steps = {
        ...     "network": LoadNetwork(name="audio2head-keypoint-predictor").on(),
        ...     "driving": PredictKeypoints().on(
        ...         features="features", clip="clip", motion="motion", network="network"
        ...     ),
        ... }
        >>> inputs = {"features": SpeechFeatures, "clip": Clip, "motion": Motion}
        >>> tg.Graph("drive", inputs=inputs, steps=steps).output
        'driving'
    """

    def run(
        self, features: SpeechFeatures, clip: Clip, motion: Motion, network: OnnxModel
    ) -> Keypoints:
        """Return keypoints for every window of `features`.

        Args:
            features: of `f0_features`.
            clip: the photo.
            motion: whose head pose is followed, at 25 fps; its expression is not looked at.
            network: a keypoint predictor.

        Raises:
            InputError: the features are others, the motion has another rate or no frame, or the
                photo is no square RGB picture.
            ModelError: `network` is no such predictor.
        """
        heard = checked_features(features, self.node_id)
        if motion.fps != features.fps or not len(motion.rotation):
            raise InputError(
                f"{self.node_id}: `motion` has {len(motion.rotation)} frames at {motion.fps:g} "
                f"fps, the features are at {features.fps:g} fps; both must come from one speech"
            )
        session = open_network(network, PREDICTOR, node=self.node_id, port="network")
        photo = photo_of(clip.frames, self.node_id)
        pose = pose_there(motion.rotation, motion.translation)
        count = len(heard)
        first = starts(count)
        values, bends = [], []
        for number, start in enumerate(first):
            value, bend = session.run(
                ["value", "jacobian"],
                {
                    "audio": _window(heard, int(start))[None],
                    "image": photo,
                    "pose_box": drawn(_held(pose, int(start)))[None],
                },
            )
            values.append(value[0])
            bends.append(bend[0])
            engine.progress(number + 1, len(first))
        window, place = kept(count).T
        return Keypoints(
            position=np.stack(values)[window, place],
            jacobian=np.stack(bends)[window, place],
            fps=features.fps,
        )


def _window(rows: Floats, start: int) -> Floats:
    """64 items from `start` on, zeros beyond the end."""
    part = rows[start : start + WINDOW]
    return np.concatenate([part, np.zeros((WINDOW - len(part), *rows.shape[1:]), np.float32)])


def _held(pose: np.ndarray, start: int) -> np.ndarray:
    """64 items from `start` on, the last one beyond the end."""
    return pose[np.minimum(np.arange(start, start + WINDOW), len(pose) - 1)]
