"""Node `DescribeIdentity`: who the person in a clip is, as 128 numbers, or 512 of ArcFace's.

The default network is dlib's: Euclidean distance of two vectors tells people apart (same person:
below about 0.5). ArcFace, which the paper has, comes in by the same port; its vectors are brought
to length 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine.declare.node import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.identity.chip import ARCFACE_SIZE, Recogniser
from talkgraph.nodes.values import Clip, FaceTrack, Floats, IdentityFeature, OnnxModel

SAME_PERSON = 0.5  # distance below which two of our features are one person's

_LEFT, _RIGHT, _NOSE_TIP = 33, 263, 1  # outer corners of the eyes, as seen


@node("describe_identity", version=1, gpu=True)
class DescribeIdentity(Node):
    """Average the identity feature over the clip's most frontal, most certain frames.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.face_fit import DescribeIdentity
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, FaceTrack
        >>> steps = {
        ...     "net": LoadNetwork(name="face-identity").on(),
        ...     "person": DescribeIdentity(frames=4).on(clip="clip", track="track", network="net"),
        ... }
        >>> tg.Graph("who", inputs={"clip": Clip, "track": FaceTrack}, steps=steps).output
        'person'
    """

    frames: int = param(8, "how many are averaged, the best ones", unit="frames", ge=1)
    padding: float = param(0.25, "room around the five points", unit="chip sides", ge=0, le=1)

    def run(self, clip: Clip, track: FaceTrack, network: OnnxModel) -> IdentityFeature:
        """Describe the person in `clip`.

        Args:
            network: `face-identity`, or another of 150 px chips and 128 numbers; or ArcFace.

        Raises:
            InputError: no frame of the track was measured.
            ModelError: the network is another.
        """
        recognise = Recogniser(network, self.node_id)
        chosen = best_frames(track, self.frames)
        vector = described(recognise, clip, track, chosen, self.padding).mean(0)
        if len(vector) == ARCFACE_SIZE:
            vector = vector / np.linalg.norm(vector)
        return IdentityFeature(vector=np.asarray(vector, np.float32))


def described(
    recognise: Recogniser, clip: Clip, track: FaceTrack, frames: NDArray[Any], padding: float
) -> Floats:
    """The vectors of some frames of a clip, `[shape=(len(frames), n), float32]`.

    Args:
        padding: room around the five points; `SAME_PERSON` holds for 0.25.
    """
    found = [recognise(clip.frames[int(at)], track.landmarks[at], padding) for at in frames]
    return np.stack(found)


def distance(a: Floats, b: Floats) -> float:
    """Euclidean distance of two features `[shape=(128,)]`."""
    return float(np.linalg.norm(a.astype(np.float64) - b.astype(np.float64)))


def measured_frames(track: FaceTrack) -> NDArray[Any]:
    """The frames in which the face was measured.

    Raises:
        InputError: there is none.
    """
    known = np.flatnonzero(track.measured)
    if not len(known):
        raise InputError(
            "the track holds no measured frame, so nobody can be identified in it; give a clip in "
            "which the face is clearly seen"
        )
    return known


def best_frames(track: FaceTrack, count: int) -> NDArray[Any]:
    """Up to `count` measured frames, spread over the clip, the most frontal of each stretch.

    Raises:
        InputError: none was measured.
    """
    known = measured_frames(track)
    points = track.landmarks[:, :, :2].astype(np.float64)
    left, right = points[:, _LEFT], points[:, _RIGHT]
    across = right - left
    length = np.maximum((across**2).sum(1), 1e-9)
    # Where the nose tip falls between the outer eye corners: 0.5 for a frontal face.
    along = ((points[:, _NOSE_TIP] - left) * across).sum(1) / length
    turned = np.abs(along - 0.5) + (1 - track.confidence)
    stretches = np.array_split(known, min(count, len(known)))
    return np.array([part[np.argmin(turned[part])] for part in stretches], np.int64)
