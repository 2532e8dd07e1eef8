"""Node `FindHands`: the hands that come near the face of a clip."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.face_fit.hands.follow import HandFinder
from talkgraph.nodes.face_fit.hands.joints import HandNetwork
from talkgraph.nodes.face_fit.hands.palms import PalmDetector
from talkgraph.nodes.geometry.hands import JOINTS, Hands
from talkgraph.nodes.values import Clip, FaceTrack, OnnxModel


@node("find_hands", version=1)
class FindHands(Node):
    """Find the hands that come near the face, (clip, track, two networks) -> Hands.

    Every n-th frame is searched, and all about those with a hand at the face; a hand that was
    found is followed both ways. An addition to Yi et al. 2020, for `find_cover`; the networks are
    those of Zhang et al. 2020, MediaPipe Hands.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.face_fit import FindHands
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, FaceTrack
        >>> steps = {
        ...     "palms": LoadNetwork(name="palm-detector").on(),
        ...     "joints": LoadNetwork(name="hand-joints").on(),
        ...     "hands": FindHands(every=3).on(  # for quick hands
        ...         clip="clip", track="track", palms="palms", joints="joints"
        ...     ),
        ... }
        >>> tg.Graph("hands", inputs={"clip": Clip, "track": FaceTrack}, steps=steps).output
        'hands'
    """

    every: int = param(6, "search every n-th frame first", unit="frames", ge=1)
    about: float = param(1.0, "search all frames so near to one with a hand", unit="s", ge=0)
    palm: float = param(0.7, "least score of a palm where no hand is expected", gt=0, lt=1)
    alone: float = param(0.88, "score that needs no hand network to agree", gt=0, le=1)
    again: float = param(0.4, "the same where one was seen near by", gt=0, lt=1)
    threshold: float = param(0.7, "least probability of a hand", gt=0, lt=1)
    size: float = param(0.7, "least size, a hand as far away as the face being 1", ge=0)
    max_overlap: float = param(0.4, "boxes that overlap more are one hand", gt=0, lt=1)
    most: int = param(2, "hands of one frame", ge=1)

    def run(self, clip: Clip, track: FaceTrack, palms: OnnxModel, joints: OnnxModel) -> Hands:
        """Look through `clip`; a photo is a clip of one frame.

        Args:
            track: says where the face is.
            palms: finds palms in a picture; network `palm-detector`.
            joints: finds the joints of a hand; network `hand-joints`.

        Raises:
            ModelError: one of the networks is another.
        """
        finder = HandFinder(
            PalmDetector(palms, self.node_id, min(self.palm, self.again)),
            HandNetwork(joints, self.node_id),
            self.palm,
            self.alone,
            self.threshold,
            self.size,
            self.max_overlap,
            self.most,
        )
        places = track.landmarks[..., :2]
        faces = np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)
        found = finder.follow(clip.frames, faces, self.every, round(self.about * clip.fps))
        count = max(len(one) for one in found)
        hands = np.zeros((len(found), count, JOINTS, 2), np.float32)
        scale = np.zeros((len(found), count), np.float32)
        for frame, one in enumerate(found):
            hands[frame, : len(one)], scale[frame, : len(one)] = one.joints, one.scale
        return Hands(joints=hands, scale=scale)
