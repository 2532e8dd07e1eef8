"""What is said in a clip, and how head and keypoints move in it: windows to learn from."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from talkgraph.nodes.face_model.face_mesh import POINTS, face_mesh_mirror
from talkgraph.nodes.keypoint_field.mesh_keypoints import keypoints_from_mesh
from talkgraph.nodes.keypoint_field.networks import SIZE, WINDOW
from talkgraph.nodes.keypoint_field.pose_box import FOCAL
from talkgraph.nodes.signals import evenly_spread

Array = NDArray[np.float64]

_MIRRORED = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])  # of a pose there


@attrs.frozen(kw_only=True, eq=False)
class SpokenClip:
    """A clip with its sound at 25 fps.

    photos: a few of its frames, `[shape=(n, 256, 256, 3), uint8]`.
    photo_at: which they are, `[shape=(n,)]`; after each there is a whole window.
    heard: of `f0_features`, `[shape=(T, 4, 41), float32]`.
    pose: in Audio2Head's camera, see `pose_box`, `[shape=(T, 6)]`.
    points: landmarks of the mesh in px of the photos, `[shape=(T, 468, 2), float32]`.
    seen: whether the face was measured, `[shape=(T,), bool]`.
    """

    name: str
    person: str
    photos: NDArray[np.uint8]
    photo_at: NDArray[np.int64]
    heard: NDArray[np.float32]
    pose: Array
    points: NDArray[np.float32]
    seen: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.heard)


@attrs.frozen(kw_only=True, eq=False)
class Spoken:
    """A window of a clip and a photo of the same clip, as the camera might have seen both.

    photo: `[shape=(3, 256, 256)]` in [0, 1].   photo_points: `[shape=(468, 2)]`, px.
    heard: `[shape=(T, 4, 41)]`.   pose: `[shape=(T, 6)]`.   points: `[shape=(T, 468, 2)]`, px.
    seen: `[shape=(T,), bool]`.
    """

    photo: Tensor
    photo_points: Array
    heard: NDArray[np.float32]
    pose: Array
    points: Array
    seen: NDArray[np.bool_]


@attrs.frozen(kw_only=True)
class View:
    """Another look at a clip: mirrored, nearer, shifted, lit otherwise; the default is none.

    scale: of the picture about its middle.   shift: px.   light: factor of each colour.
    """

    mirrored: bool = False
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def drawn(cls, random: np.random.Generator) -> View:
        """Any view; heads from two fifths to two thirds of the picture's width."""
        return cls(
            mirrored=bool(random.random() < 0.5),
            scale=float(random.uniform(0.8, 1.1)),
            shift=(float(random.uniform(-10, 10)), float(random.uniform(-10, 10))),
            light=tuple(random.uniform(0.85, 1.15) + random.uniform(-0.05, 0.05, 3)),
        )

    def of_points(self, points: NDArray[np.floating]) -> Array:
        """Landmarks `[shape=(..., 468, 2)]` in px."""
        moved = np.asarray(points, np.float64)
        if self.mirrored:
            moved = moved[..., face_mesh_mirror()[:POINTS], :] * (-1, 1) + (SIZE, 0)
        return (moved - SIZE / 2) * self.scale + SIZE / 2 + self.shift

    def of_pose(self, pose: Array) -> Array:
        """Poses `[shape=(T, 6)]`: what is larger is nearer."""
        moved = pose * _MIRRORED if self.mirrored else pose.copy()
        moved[:, 5] /= self.scale
        moved[:, 3:5] += np.array(self.shift) * moved[:, 5:] / FOCAL
        return moved

    def of_picture(self, picture: NDArray[np.uint8]) -> Tensor:
        """A picture `[shape=(256, 256, 3)]` as `[shape=(3, 256, 256)]` in [0, 1]."""
        planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).float() / 255
        if self.mirrored:
            planes = planes.flip(2)
        if self.scale != 1 or any(self.shift):
            from_here = torch.tensor(
                [
                    [1 / self.scale, 0, -2 * self.shift[0] / SIZE / self.scale],
                    [0, 1 / self.scale, -2 * self.shift[1] / SIZE / self.scale],
                ]
            )
            where = F.affine_grid(from_here[None], [1, 3, SIZE, SIZE], align_corners=False)
            planes = F.grid_sample(planes[None], where, padding_mode="border",
                                   align_corners=False)[0]  # fmt: skip
        return (planes * torch.tensor(self.light)[:, None, None]).clamp(0, 1).float()


def window_of(clip: SpokenClip, start: int, photo: int, view: View | None = None) -> Spoken:
    """64 frames of a clip, and number `photo` of its photos, as `view` shows them."""
    view = View() if view is None else view
    part = slice(start, start + WINDOW)
    return Spoken(
        photo=view.of_picture(clip.photos[photo]),
        photo_points=view.of_points(clip.points[clip.photo_at[photo]]),
        heard=clip.heard[part],
        pose=view.of_pose(clip.pose[part]),
        points=view.of_points(clip.points[part]),
        seen=clip.seen[part],
    )


def drawn_window(
    clips: Sequence[SpokenClip], random: np.random.Generator, from_photo: bool = False
) -> Spoken:
    """A window of any clip of any person, each person as likely as another, in any view.

    Args:
        from_photo: the photo is its first frame, not any.
    """
    people = sorted({one.person for one in clips})
    person = people[random.integers(len(people))]
    mine = [one for one in clips if one.person == person]
    clip = mine[random.integers(len(mine))]
    photo = int(random.integers(len(clip.photos)))
    anywhere = int(random.integers(len(clip) - WINDOW + 1))
    start = int(clip.photo_at[photo]) if from_photo else anywhere
    return window_of(clip, start, photo, View.drawn(random))


def keypoints_in(points: Array) -> tuple[Tensor, Tensor]:
    """Keypoints `[shape=(T, K, 2)]` and Jacobians `[shape=(T, K, 2, 2)]` of landmarks in px."""
    value, jacobian = keypoints_from_mesh(points, SIZE)
    return torch.from_numpy(value), torch.from_numpy(jacobian)


def photos_at(seen: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Frames with a face and a whole window after them, `most` of them if there are so many."""
    able = np.flatnonzero(seen[: max(len(seen) - WINDOW + 1, 0)])
    return able[evenly_spread(len(able), most)]
