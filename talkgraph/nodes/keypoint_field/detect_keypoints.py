"""Node `DetectKeypoints`: keypoints of pictures, as a network sees them."""

from __future__ import annotations

import numpy as np

from talkgraph import engine
from talkgraph.engine import Node, node, param
from talkgraph.models.sessions import open_network
from talkgraph.nodes.keypoint_field.networks import DETECTOR
from talkgraph.nodes.keypoint_field.pictures import photo_of, to_network
from talkgraph.nodes.values import Clip, Keypoints, OnnxModel


@node("detect_keypoints", version=1, gpu=True)
class DetectKeypoints(Node):
    """Find the keypoints of the photo; of a clip, of every frame.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.keypoint_field import DetectKeypoints
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip
        >>> steps = {
        ...     "detector": LoadNetwork(name="audio2head-keypoint-detector").on(),
        ...     "source": DetectKeypoints().on(clip="clip", network="detector"),
        ... }
        >>> tg.Graph("detect", inputs={"clip": Clip}, steps=steps).output
        'source'
    """

    batch: int = param(8, "pictures per network run", ge=1, keyed=False)

    def run(self, clip: Clip, network: OnnxModel) -> Keypoints:
        """Return the keypoints of every frame of `clip`.

        Raises:
            InputError: the frames are not square RGB pictures.
            ModelError: `network` is no keypoint detector.
        """
        session = open_network(network, DETECTOR, node=self.node_id, port="network")
        photo_of(clip.frames, self.node_id)
        values, bends = [], []
        for chunk in clip.frames.chunks(self.batch):
            value, bend = session.run(["value", "jacobian"], {"image": to_network(chunk)})
            values.append(value)
            bends.append(bend)
            engine.progress(sum(map(len, values)), len(clip.frames))
        return Keypoints(
            position=np.concatenate(values), jacobian=np.concatenate(bends), fps=clip.fps
        )
