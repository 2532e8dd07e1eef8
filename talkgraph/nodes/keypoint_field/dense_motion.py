"""Node `DenseMotion`: how every part of the photo moves, from keypoints."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph import engine
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.sessions import open_network
from talkgraph.nodes.keypoint_field.networks import COARSE, DENSE_MOTION
from talkgraph.nodes.keypoint_field.pictures import photo_of
from talkgraph.nodes.values import Clip, Keypoints, MotionField, OnnxModel


@node("dense_motion", version=1, gpu=True)
class DenseMotion(Node):
    """Choose a motion for every position: that about a keypoint, or standing still.

    The first-order motion model (Siarohin et al. 2019) as Audio2Head uses it.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.keypoint_field import DenseMotion
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, Keypoints
        >>> steps = {
        ...     "network": LoadNetwork(name="audio2head-dense-motion").on(),
        ...     "field": DenseMotion().on(
        ...         clip="clip", source="source", driving="driving", network="network"
        ...     ),
        ... }
        >>> inputs = {"clip": Clip, "source": Keypoints, "driving": Keypoints}
        >>> tg.Graph("field", inputs=inputs, steps=steps).output
        'field'
    """

    batch: int = param(8, "frames per network run", ge=1, keyed=False)

    def run(
        self, clip: Clip, source: Keypoints, driving: Keypoints, network: OnnxModel
    ) -> MotionField:
        """Return the motion of every frame of `driving`.

        Args:
            clip: the photo.
            source: its keypoints; the first frame's.
            driving: where they go.
            network: a dense motion network.

        Raises:
            InputError: the two have different numbers of keypoints or no frame, or the photo is no
                square RGB picture.
            ModelError: `network` is no such network, or for another number of keypoints.
        """
        count = source.position.shape[1]
        if driving.position.shape[1] != count or not len(source.position):
            raise InputError(
                f"{self.node_id}: `source` has {len(source.position)} frames of {count} "
                f"keypoints, `driving` frames of {driving.position.shape[1]}; take both from nodes "
                "that make the same keypoints"
            )
        session = open_network(network, DENSE_MOTION, node=self.node_id, port="network")
        self._check_count(session, count)
        given = {
            "image": photo_of(clip.frames, self.node_id),
            "source_value": source.position[:1],
            "source_jacobian": source.jacobian[:1],
        }
        frames = len(driving.position)
        deformation = np.empty((frames, COARSE, COARSE, 2), np.float32)
        occlusion = np.empty((frames, COARSE, COARSE), np.float32)
        for start in range(0, frames, self.batch):
            part = slice(start, min(start + self.batch, frames))
            where = {
                "driving_value": driving.position[part],
                "driving_jacobian": driving.jacobian[part],
            }
            deformation[part], seen = session.run(["deformation", "occlusion"], given | where)
            occlusion[part] = seen[:, 0]
            engine.progress(part.stop, frames)
        return MotionField(deformation=deformation, occlusion=occlusion, fps=driving.fps)

    def _check_count(self, session: Any, count: int) -> None:
        inputs = session.get_inputs()
        wanted = next(one for one in inputs if one.name == "source_value").shape[1]
        if isinstance(wanted, int) and wanted != count:
            raise ModelError(
                f"{self.node_id}: the network is for {wanted} keypoints, `source` has {count}; "
                "take the network that was trained with these keypoints"
            )
