"""Node `PredictHeadPose`: the head pose that Audio2Head makes of speech and photo."""

from __future__ import annotations

import numpy as np

from talkgraph import engine
from talkgraph.engine import Node, check, node, param
from talkgraph.models.sessions import open_network
from talkgraph.nodes.geometry.neck import head_translation, neck_pose
from talkgraph.nodes.geometry.pose import ROTATION
from talkgraph.nodes.keypoint_field.features import checked_features
from talkgraph.nodes.keypoint_field.networks import HEAD_POSE
from talkgraph.nodes.keypoint_field.pictures import photo_of
from talkgraph.nodes.keypoint_field.pose_box import pose_here
from talkgraph.nodes.signals import not_finite
from talkgraph.nodes.values import Clip, FaceFit, Floats, Motion, OnnxModel, SpeechFeatures

EXPRESSION = 64  # coefficients, all at rest where nobody says what the face does
_PART = 1500  # frames at a time, so that memory does not grow with the speech


@node("predict_head_pose", version=1, gpu=True)
class PredictHeadPose(Node):
    """Predict how the head moves from speech and photo, by a network that is fed its last motion.

    Audio2Head's first stage. What it makes is a `Motion`: any graph may use it, and any other head
    motion may stand in its place.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.keypoint_field import PredictHeadPose
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, SpeechFeatures
        >>> steps = {
        ...     "network": LoadNetwork(name="audio2head-head-pose").on(),
        ...     "head": PredictHeadPose().on(features="features", clip="clip", network="network"),
        ... }
        >>> inputs = {"features": SpeechFeatures, "clip": Clip}
        >>> tg.Graph("nod", inputs=inputs, steps=steps).output
        'head'
    """

    amplitude: float = param(1.0, "size of the motion about its first pose", ge=0, le=3)

    def run(
        self,
        features: SpeechFeatures,
        clip: Clip,
        network: OnnxModel,
        motion: Motion | None = None,
        person: FaceFit | None = None,
    ) -> Motion:
        """Return a motion of one pose per window of `features`, at 25 fps.

        Args:
            features: of `f0_features`.
            clip: the photo, from which the network takes the first pose.
            network: a head pose predictor.
            motion: what the face does, as long as the speech; its pose is replaced. None: a face
                at rest.
            person: whose head is moved, from where it is held in the photo; None: from the pose
                that the network sees.

        Raises:
            InputError: the features are others, or the photo is no square RGB picture.
            ModelError: `network` is no such predictor.
        """
        heard = checked_features(features, self.node_id)
        photo = photo_of(clip.frames, self.node_id)
        pose = self._predicted(heard, photo, network)
        rotation, translation = pose_here(pose)
        neck = neck_pose(rotation, translation)
        start = neck[0]
        if person is not None:
            seen = person.motion
            start = neck_pose(seen.rotation, seen.translation).mean(0)
        neck = start + self.amplitude * (neck - neck[0])
        count = len(neck) if motion is None else len(motion.expression)
        neck = np.pad(neck[:count], [(0, max(0, count - len(neck))), (0, 0)], mode="edge")
        expression = np.zeros((count, EXPRESSION), np.float32)
        return Motion(
            expression=expression if motion is None else motion.expression,
            rotation=np.asarray(neck[:, ROTATION], np.float32),
            translation=np.asarray(head_translation(neck), np.float32),
            fps=features.fps,
        )

    def _predicted(self, heard: Floats, photo: Floats, network: OnnxModel) -> Floats:
        """Pose before each frame, `[shape=(T, 6)]`: it has heard the speech up to that frame."""
        session = open_network(network, HEAD_POSE, node=self.node_id, port="network")
        width = next(one for one in session.get_inputs() if one.name == "state").shape[2]
        state = np.zeros((1, 5, width if isinstance(width, int) else 256), np.float32)
        found = []
        for start in range(0, len(heard), _PART):
            pose, state = session.run(
                ["pose", "state_after"],
                {
                    "audio": heard[None, start : start + _PART],
                    "image": photo,
                    "state": state,
                    "going_on": np.full((1, 1), float(start > 0), np.float32),
                },
            )
            found.append(pose[0, :-1])
            engine.progress(start + len(pose[0]) - 1, len(heard))
        return np.concatenate(found)

    @check("every number is finite", severity="stop")
    def is_finite(self, motion: Motion) -> str:
        """A network that overflows gives no motion, and no video should be made of it."""
        return not_finite(motion.rotation, motion.translation)
