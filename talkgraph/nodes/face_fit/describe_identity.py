"""Node `DescribeIdentity`: who the person in a clip is, as 128 numbers.

The network and its picture of a face are dlib's: five points are carried to their mean places in
a 150 px chip by a similarity transform (Umeyama 1991), and the chip becomes a vector whose
Euclidean distance tells people apart (same person: below about 0.5).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine.declare.node import Node, node, param
from talkgraph.errors import InputError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square
from talkgraph.nodes.values import Clip, FaceTrack, Floats, IdentityFeature, OnnxModel

CHIP = 150  # px
SAME_PERSON = 0.5  # distance below which two features are one person's

# Outer and inner corner of the eye on the image's right, the same on its left, base of the nose.
_FIVE = (263, 362, 33, 133, 2)
# Their places in an unpadded chip of side 1 (dlib, get_face_chip_details).
_PLACES = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
_NOSE_TIP = 1

NETWORK = Contract(
    what="identity network",
    inputs={"faces": ("n", CHIP, CHIP, 3)},
    outputs={"vector": ("n", 128)},
    remedy="LoadNetwork(name='face-identity')",
)


@node("describe_identity", version=1, gpu=True)
class DescribeIdentity(Node):
    """Average the identity feature over the clip's most frontal, most certain frames.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.networks import LoadNetwork
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
            network: network `face-identity`, or another of 150 px chips and 128 numbers.

        Raises:
            InputError: no frame of the track was measured.
            ModelError: the network is another.
        """
        session = open_network(network, NETWORK, node=self.node_id, port="network", threads=1)
        chosen = best_frames(track, self.frames)
        pictures = np.stack([clip.frames[int(at)] for at in chosen])
        vectors = describe(session, pictures, track.landmarks[chosen], self.padding)
        return IdentityFeature(vector=vectors.mean(0).astype(np.float32))


def describe(
    session: Any, pictures: NDArray[np.uint8], landmarks: Floats, padding: float = 0.25
) -> Floats:
    """Identity features of single faces, `[shape=(n, 128), float32]`.

    Args:
        session: of a network that fulfils `NETWORK`.
        pictures: `[shape=(n, H, W, 3), uint8]`.
        landmarks: `[shape=(n, 478, 3)]`, px of the pictures.
        padding: room around the five points; the distances of the docstring hold for 0.25.
    """
    regions = chip_regions(landmarks, padding)
    vectors = []
    for picture, region in zip(pictures, regions, strict=True):
        chip = np.round(cut_square(picture, region, CHIP, repeat_border=True))
        vectors.append(session.run(["vector"], {"faces": chip[None]})[0][0])
    return np.asarray(np.stack(vectors), np.float32)


def distance(a: Floats, b: Floats) -> float:
    """Euclidean distance of two features `[shape=(128,)]`."""
    return float(np.linalg.norm(a.astype(np.float64) - b.astype(np.float64)))


def chip_regions(landmarks: Floats, padding: float) -> Floats:
    """The chip of each face as a region of `warp`, `[shape=(n, 4), float32]`."""
    places = (_PLACES + padding) / (1 + 2 * padding) - 0.5  # of a chip of side 1 around 0
    points = landmarks[:, list(_FIVE), :2].astype(np.float64)
    centre, origin = points.mean(1), places.mean(0)
    p, q = points - centre[:, None], places - origin
    norm = (q**2).sum()
    a = (p * q).sum((1, 2)) / norm
    b = (p[..., 1] * q[:, 0] - p[..., 0] * q[:, 1]).sum(1) / norm
    x = centre[:, 0] - a * origin[0] + b * origin[1]
    y = centre[:, 1] - b * origin[0] - a * origin[1]
    return np.column_stack([x, y, np.hypot(a, b), np.arctan2(b, a)]).astype(np.float32)


def best_frames(track: FaceTrack, count: int) -> NDArray[Any]:
    """Up to `count` measured frames, spread over the clip, the most frontal of each stretch.

    Raises:
        InputError: none was measured.
    """
    known = np.flatnonzero(track.measured)
    if not len(known):
        raise InputError(
            "the track holds no measured frame, so nobody can be identified in it; give a clip in "
            "which the face is clearly seen"
        )
    points = track.landmarks[:, :, :2].astype(np.float64)
    left, right = points[:, _FIVE[2]], points[:, _FIVE[0]]
    across = right - left
    length = np.maximum((across**2).sum(1), 1e-9)
    # Where the nose tip falls between the outer eye corners: 0.5 for a frontal face.
    along = ((points[:, _NOSE_TIP] - left) * across).sum(1) / length
    turned = np.abs(along - 0.5) + (1 - track.confidence)
    stretches = np.array_split(known, min(count, len(known)))
    return np.array([part[np.argmin(turned[part])] for part in stretches], np.int64)
