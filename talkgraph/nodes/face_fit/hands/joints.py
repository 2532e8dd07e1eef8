"""The hand network: 21 joints of the hand inside a region (Zhang et al. 2020, MediaPipe Hands)."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square, to_image
from talkgraph.nodes.geometry.hands import JOINTS, WRIST
from talkgraph.nodes.values import Floats, OnnxModel

INPUT = 224  # px
_STIFF = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # joints whose box is the palm's, steadily
_AHEAD_OF_WRIST = (6, 10, 14)  # second joints of the three middle fingers: where the hand points
_MIDDLE = (0, 9, 10, 11, 12)  # the wrist and the middle finger
_HAND = 0.187  # m, along these: adults' mean; the network's own metres are of a smaller hand
_NOTHING = 1e-6  # m; keeps a hand without size from a division by 0
_MARGIN = 2.0  # the region over that box; this and the next as in the original pipeline
_AHEAD = 0.1  # of the box, towards the fingers

NETWORK = Contract(
    what="hand network",
    inputs={"input_1": ("n", INPUT, INPUT, 3)},
    outputs={
        "Identity": ("n", 3 * JOINTS),  # px of the region
        "Identity_1": ("n", 1),  # whether there is a hand
        "Identity_3": ("n", 3 * JOINTS),  # metres
    },
    remedy="LoadNetwork(name='hand-joints')",
)


@attrs.frozen(eq=False)
class Found:
    """Hands in one picture.

    joints: `[shape=(n, 21, 2), float32]`, px of the picture, the wrist, then four of each finger
        from the thumb on, tips last.
    scale: `[shape=(n,), float32]`, px per metre at the hand.   presence: `[shape=(n,), float32]`.
    """

    joints: Floats
    scale: Floats
    presence: Floats

    def __len__(self) -> int:
        return len(self.presence)

    def at(self, which: NDArray[np.int64]) -> Found:
        """Some of them."""
        return Found(self.joints[which], self.scale[which], self.presence[which])

    @property
    def boxes(self) -> Floats:
        """Boxes about the joints, `[shape=(n, 4)]`, left, top, right, bottom."""
        return np.concatenate([self.joints.min(axis=1), self.joints.max(axis=1)], axis=1)

    @classmethod
    def nothing(cls) -> Found:
        """No hands."""
        none = np.empty(0, np.float32)
        return cls(np.empty((0, JOINTS, 2), np.float32), none, none)


def together(*found: Found) -> Found:
    """All of several."""
    return Found(
        *(np.concatenate([getattr(one, name) for one in found]) for name in
          ("joints", "scale", "presence"))
    )  # fmt: skip


def regions_of_joints(joints: Floats) -> Floats:
    """Where to look next for hands `[shape=(n, 21, 2)]`: regions `[shape=(n, 4)]`."""
    along = joints[:, _AHEAD_OF_WRIST].mean(axis=1) - joints[:, WRIST]
    angle = np.arctan2(along[:, 0], -along[:, 1])
    across = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    down = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    stiff = joints[:, _STIFF]
    turned = np.stack([(stiff @ one[..., None])[..., 0] for one in (across, down)], axis=-1)
    low, high = turned.min(axis=1), turned.max(axis=1)
    side = (high - low).max(axis=1)
    middle = (low + high) / 2 - np.stack([np.zeros_like(side), _AHEAD * side], axis=1)
    centre = middle[:, :1] * across + middle[:, 1:] * down
    return np.column_stack([centre, _MARGIN * side, angle]).astype(np.float32)


class HandNetwork:
    """The network with its pre- and postprocessing.

    Args:
        model: the network `hand-joints`, or another with its inputs and outputs.
        node: id of the node at whose port `joints` it arrived.
    """

    def __init__(self, model: OnnxModel, node: str) -> None:
        self._session = open_network(model, NETWORK, node=node, port="joints", threads=1)

    def __call__(self, picture: NDArray[np.uint8], regions: Floats) -> Found:
        """One hand for each region `[shape=(n, 4)]` of `picture [shape=(H, W, 3), uint8]`."""
        if not len(regions):
            return Found.nothing()
        squares = np.stack([cut_square(picture, one, INPUT) for one in regions])
        answers = self._session.run(list(NETWORK.outputs), {"input_1": squares / np.float32(255)})
        pixels, presence, metres = (
            np.asarray(one, np.float32).reshape(len(regions), *shape)
            for one, shape in zip(answers, ((JOINTS, 3), (), (JOINTS, 3)), strict=True)
        )
        joints = to_image(pixels, regions, INPUT)[..., :2]
        metres *= (_HAND / np.maximum(_length(metres), _NOTHING))[:, None, None]
        scale = _spread(joints) / np.maximum(_spread(metres), _NOTHING)
        return Found(joints, scale.astype(np.float32), presence)


def _spread(points: Floats) -> Floats:
    """How far points `[shape=(n, 21, 2..3)]` lie apart as seen by the camera, `[shape=(n,)]`."""
    seen = points[..., :2]
    away = seen - seen.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt((away**2).sum(axis=(1, 2))), np.float32)


def _length(points: Floats) -> Floats:
    """Along the bones from the wrist to the tip of the middle finger, `[shape=(n,)]`."""
    bones = np.linalg.norm(np.diff(points[:, _MIDDLE], axis=1), axis=-1)
    return np.asarray(bones.sum(axis=1), np.float32)
