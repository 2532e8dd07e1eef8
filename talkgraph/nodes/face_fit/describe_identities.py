"""Node `DescribeIdentities`: who is seen in every frame of a clip."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import progress
from talkgraph.engine.declare.node import Node, node, param
from talkgraph.nodes.face_fit.describe_identity import described, measured_frames
from talkgraph.nodes.face_fit.identity.chip import Recogniser
from talkgraph.nodes.values import Clip, FaceTrack, IdentityTrack, OnnxModel

_REPORTED = 25  # frames between two words on how far it is


@node("describe_identities", version=1, gpu=True)
class DescribeIdentities(Node):
    """The identity feature of every frame (f_t of Yi et al. 2020, section 3.4), of length 1.

    It says a little about pose and expression, too, which is what the refiner's memory is for.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.face_fit import DescribeIdentities
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, FaceTrack
        >>> steps = {
        ...     "net": LoadNetwork(name="face-identity").on(),
        ...     "who": DescribeIdentities().on(clip="clip", track="track", network="net"),
        ... }
        >>> tg.Graph("who", inputs={"clip": Clip, "track": FaceTrack}, steps=steps).output
        'who'
    """

    every: int = param(1, "every so many frames; those between have the nearest one's", ge=1)
    padding: float = param(
        0.25, "room around the five points, not for ArcFace", unit="chip sides", ge=0, le=1
    )

    def run(self, clip: Clip, track: FaceTrack, network: OnnxModel) -> IdentityTrack:
        """Describe who is in each frame of `clip`.

        Args:
            network: `face-identity`, or another of 150 px chips and 128 numbers; or ArcFace.

        Raises:
            InputError: no frame of the track was measured.
            ModelError: the network is another.
        """
        recognise = Recogniser(network, self.node_id)
        chosen = measured_frames(track)[:: self.every]
        parts = []
        for start in range(0, len(chosen), _REPORTED):
            piece = chosen[start : start + _REPORTED]
            parts.append(described(recognise, clip, track, piece, self.padding))
            progress(start + len(piece), len(chosen))
        vectors = np.concatenate(parts)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        count = len(track.measured)
        nearest = np.abs(np.arange(count)[:, None] - chosen).argmin(1)
        measured = np.zeros(count, bool)
        measured[chosen] = True
        return IdentityTrack(vectors=vectors[nearest], measured=measured)
