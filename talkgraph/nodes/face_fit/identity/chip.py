"""The picture of a face that a recognition network sees: five points at their mean places.

A similarity transform carries the points of a face there (Umeyama 1991).
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network, open_session
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square
from talkgraph.nodes.values import Floats, OnnxModel


@attrs.frozen(eq=False)
class Chip:
    """A square picture of a face.

    side: px.
    points: five groups of landmarks, of which each point is the mean.
    places: where the points are, `[shape=(5, 2)]`, in an unpadded chip of side 1.
    """

    side: int
    points: tuple[tuple[int, ...], ...]
    places: NDArray[np.float64]

    def regions(self, landmarks: Floats, padding: float) -> Floats:
        """The chip of each face as a region of `cut_square`, `[shape=(n, 4), float32]`.

        Args:
            landmarks: `[shape=(n, 478, 3)]`, px.
            padding: room around the unpadded chip, in its sides.
        """
        places = (self.places + padding) / (1 + 2 * padding) - 0.5  # of a chip of side 1 around 0
        groups = [landmarks[:, list(group), :2].astype(np.float64).mean(1) for group in self.points]
        points = np.stack(groups, axis=1)
        centre, origin = points.mean(1), places.mean(0)
        p, q = points - centre[:, None], places - origin
        norm = (q**2).sum()
        a = (p * q).sum((1, 2)) / norm
        b = (p[..., 1] * q[:, 0] - p[..., 0] * q[:, 1]).sum(1) / norm
        x = centre[:, 0] - a * origin[0] + b * origin[1]
        y = centre[:, 1] - b * origin[0] - a * origin[1]
        return np.column_stack([x, y, np.hypot(a, b), np.arctan2(b, a)]).astype(np.float32)

    def cut(self, picture: NDArray[np.uint8], landmarks: Floats, padding: float) -> Floats:
        """The chip of a face, `[shape=(side, side, 3), float32]`, whole levels of 255.

        Args:
            picture: `[shape=(H, W, 3), uint8]`.
            landmarks: `[shape=(478, 3)]`, px.
            padding: as of `regions`.
        """
        (region,) = self.regions(landmarks[None], padding)
        return np.round(cut_square(picture, region, self.side, repeat_border=True))


DLIB = Chip(
    side=150,
    # Outer and inner corner of the eye on the image's right, the same on its left, base of the
    # nose; places of dlib's get_face_chip_details.
    points=((263,), (362,), (33,), (133,), (2,)),
    places=np.array(
        [
            [0.8595674595992, 0.2134981538014],
            [0.6460604764104, 0.2289674387677],
            [0.1205750620789, 0.2137274526848],
            [0.3340850613712, 0.2290642403242],
            [0.4901123135679, 0.6277975316475],
        ]
    ),
)
ARCFACE = Chip(
    side=112,
    # Eyes on the image's left and right, tip of the nose, corners of the mouth left and right;
    # places of Deng et al. 2019 (ArcFace), in px of 112.
    points=((33, 133), (362, 263), (1,), (61,), (291,)),
    places=np.array(
        [
            [38.2946, 51.6963],
            [73.5318, 51.5014],
            [56.0252, 71.7366],
            [41.5493, 92.3655],
            [70.7299, 92.2041],
        ]
    )
    / 112,
)

NETWORK = Contract(
    what="identity network",
    inputs={"faces": ("n", DLIB.side, DLIB.side, 3)},
    outputs={"vector": ("n", 128)},
    remedy="LoadNetwork(name='face-identity'), or 'arcface'",
)
ARCFACE_SIZE = 512


class Recogniser:
    """A recognition network, ours or ArcFace, ready to run.

    Raises:
        ModelError: it is another network; the message names the port `network` of `node`.
    """

    def __init__(self, network: OnnxModel, node: str) -> None:
        self.session, self.chip, self._input = _opened(network, node)

    def __call__(self, picture: NDArray[np.uint8], landmarks: Floats, padding: float) -> Floats:
        """The identity feature of a face, `[shape=(128,) or (512,), float32]`, as the network
        gives it; ArcFace has no padding.

        Args:
            picture: `[shape=(H, W, 3), uint8]`.
            landmarks: `[shape=(478, 3)]`, px.
            padding: room around the five points, in chip sides.
        """
        ours = self.chip is DLIB
        chip = self.chip.cut(picture, landmarks, padding if ours else 0.0)
        given = chip if ours else (chip.transpose(2, 0, 1) - 127.5) / np.float32(127.5)
        (vectors,) = self.session.run(None, {self._input: given[None].astype(np.float32)})
        found: Floats = vectors[0]
        return found


def _opened(network: OnnxModel, node: str) -> tuple[Any, Chip, str]:
    """Session, what it sees and the name of its input, which differs among ArcFace's files."""
    try:
        session = open_session(network.file, 1)
        (given,), (vector,) = session.get_inputs(), session.get_outputs()
        arcface = Contract(
            what=NETWORK.what,
            inputs={given.name: ("n", 3, ARCFACE.side, ARCFACE.side)},
            outputs={vector.name: ("n", ARCFACE_SIZE)},
            remedy=NETWORK.remedy,
        )
        if arcface.admits(session):
            return session, ARCFACE, given.name
    except (ModelError, ValueError):
        pass  # said below, with what was expected
    return open_network(network, NETWORK, node=node, port="network", threads=1), DLIB, "faces"
