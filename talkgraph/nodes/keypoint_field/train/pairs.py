"""Two moments of one clip: the photo that is moved, and the frames that it should become."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, LIPS, POINTS, face_mesh_mirror
from talkgraph.nodes.keypoint_field.mesh_keypoints import keypoints_from_mesh
from talkgraph.nodes.keypoint_field.networks import SIZE

_MARGIN = 4  # px around lips, eyes and face in which errors count more
_EXTRA = ((range(POINTS), 1.0), (LIPS, 3.0), (EYE_RIMS[0], 2.0), (EYE_RIMS[1], 2.0))
"""Landmarks, and what an error in their box counts above one outside the face."""


@attrs.frozen(kw_only=True, eq=False)
class Example:
    """A few frames of a clip.

    frames: `[shape=(n, 256, 256, 3), uint8]`.
    points: `[shape=(n, 468, 2), float32]`, px.
    """

    name: str
    person: str
    frames: NDArray[np.uint8]
    points: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.frames)


@attrs.frozen(kw_only=True, eq=False)
class Pair:
    """Tensors of a photo (first) and of the frames that it should become.

    pictures: `[shape=(n, 3, 256, 256)]` in [0, 1].   weights: `[shape=(n, 1, 256, 256)]`.
    value, jacobian: their keypoints, `[shape=(n, K, 2)]`, `[shape=(n, K, 2, 2)]`.
    """

    pictures: Tensor
    value: Tensor
    jacobian: Tensor
    weights: Tensor


def pair_of(example: Example, at: Sequence[int] | NDArray[np.int64]) -> Pair:
    """The frames `at`, as they are."""
    return _pair(example.frames[at], example.points[at].astype(np.float64))


def drawn_pair(examples: Sequence[Example], count: int, random: np.random.Generator) -> Pair:
    """Frames of one clip of any person, each person as likely as another; half of them mirrored,
    in another light.

    Args:
        count: frames, the photo among them.
    """
    people = sorted({one.person for one in examples})
    person = people[random.integers(len(people))]
    clips = [one for one in examples if one.person == person]
    clip = clips[random.integers(len(clips))]
    at = random.permutation(len(clip))[:count]
    frames, points = clip.frames[at], clip.points[at].astype(np.float64)
    if random.random() < 0.5:
        frames = frames[:, :, ::-1]
        points = points[:, face_mesh_mirror()]
        points[..., 0] = SIZE - points[..., 0]
    pair = _pair(frames, points)
    light = random.uniform(0.85, 1.15) + random.uniform(-0.05, 0.05, 3)
    lit = pair.pictures * torch.from_numpy(light).float()[:, None, None]
    return attrs.evolve(pair, pictures=lit.clamp(0, 1))


def _pair(frames: NDArray[np.uint8], points: NDArray[np.float64]) -> Pair:
    value, jacobian = keypoints_from_mesh(points, SIZE)
    weights = np.ones((len(frames), 1, SIZE, SIZE), np.float32)
    for weight, shown in zip(weights[:, 0], points, strict=True):
        for group, extra in _EXTRA:
            weight[box_around(shown[list(group)])] += extra
    planes = np.ascontiguousarray(frames.transpose(0, 3, 1, 2))
    return Pair(
        pictures=torch.from_numpy(planes).float() / 255,
        value=torch.from_numpy(value),
        jacobian=torch.from_numpy(jacobian),
        weights=torch.from_numpy(weights),
    )


def box_around(points: NDArray[np.floating], margin: int = _MARGIN) -> tuple[slice, slice]:
    """Rows and columns of the picture around points `[shape=(n, 2)]`, px."""
    low = np.clip(points.min(0) - margin, 0, SIZE - 1).astype(int)
    high = np.clip(points.max(0) + margin, 1, SIZE).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])
