"""Keypoints of a photo, and of it while speech is said: small networks that a CPU trains and runs.

They take and make what the published networks do. The detector makes the same keypoints of a
picture that `mesh_keypoints` makes of landmarks. The predictor begins with the detector's answer on
the photo and adds what speech and head pose change, so that photo and frames are of one measure.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.models.audio2head.blocks import (
    COARSE,
    SIZE,
    AntiAlias,
    Hourglass,
    grid,
    keypoints_of,
)
from talkgraph.nodes.keypoint_field.mesh_keypoints import groups
from talkgraph.nodes.keypoint_field.networks import FEATURES, WINDOW

_PARTS = 6  # numbers of a keypoint: position and Jacobian
_DILATIONS = (1, 2, 4, 1)  # of the layers over time: 8 frames to either side
_LOUDEST, _HERTZ = 10.0, 200.0  # what features of `f0_features` are of the order of
_BOX = 255.0
_ORDER = 4  # of the moments that a drawn box is read by
_SPREAD = 2.0  # a head's box has half the width of the picture


class LightDetector(nn.Module):
    """An hourglass at a quarter of the size, one map a keypoint.

    Args:
        base, levels, most: of the hourglass.
    """

    def __init__(self, base: int = 16, levels: int = 4, most: int = 64) -> None:
        super().__init__()
        self.down = AntiAlias(3)
        self.hourglass = Hourglass(3, base, levels, most)
        self.maps = nn.Conv2d(self.hourglass.channels, len(groups()), 5, padding=2)
        self.bends = nn.Conv2d(self.hourglass.channels, 4 * len(groups()), 5, padding=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Map `[shape=(n, 3, 256, 256)]` in [0, 1] to `[shape=(n, K, 2)]` and
        `[shape=(n, K, 2, 2)]`."""
        seen = self.hourglass(self.down(image))
        return keypoints_of(self.maps(seen), self.bends(seen))


class _OverTime(nn.Module):
    """Two convolutions over time, and what came in."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.second(F.relu(self.first(F.relu(x))))
        return x + added


def _monomials() -> Tensor:
    """x^a y^b for a + b <= 4 over a map, about as large each, `[shape=(15, 64 * 64)]`."""
    x, y = grid(COARSE, COARSE).flatten(0, 1).T
    powers = [(a, b) for a in range(_ORDER + 1) for b in range(_ORDER + 1 - a)]
    return torch.stack([(_SPREAD * x) ** a * (_SPREAD * y) ** b for a, b in powers])


class LightPredictor(nn.Module):
    """The detector's keypoints of the photo, moved by what is heard and where the head is.

    The drawn box is read by its moments: where its lines lie says how large, where and how turned
    it is.

    Args:
        detector: of the photo's keypoints.
        width: channels over time.
    """

    unit: Tensor
    moments: Tensor

    def __init__(self, detector: LightDetector, width: int = 128) -> None:
        super().__init__()
        count = len(groups())
        self.detector = detector
        heard = FEATURES[0] * FEATURES[1]
        unit = torch.full((FEATURES[1],), _LOUDEST)
        unit[-2:] = torch.tensor([_HERTZ, 1.0])
        self.register_buffer("unit", unit.repeat(FEATURES[0]))
        self.hear = nn.Conv1d(heard, width, 3, padding=1)
        self.register_buffer("moments", _monomials())
        self.box = nn.Sequential(
            nn.Linear(len(self.moments), width), nn.ReLU(), nn.Linear(width, width)
        )
        self.photo = nn.Sequential(
            nn.Linear(_PARTS * count, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.time = nn.Sequential(*(_OverTime(width, dilation) for dilation in _DILATIONS))
        self.change = nn.Conv1d(width, _PARTS * count, 1)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)  # type: ignore[arg-type]

    def forward(self, audio: Tensor, image: Tensor, pose_box: Tensor) -> tuple[Tensor, Tensor]:
        """Keypoints of the frames of windows.

        Args:
            audio: `[shape=(n, 64, 4, 41)]`, features of each frame.
            image: RGB in [0, 1] `[shape=(n, 3, 256, 256)]`.
            pose_box: `[shape=(n, 64, 256, 256)]`, 0 or 255.

        Returns:
            `[shape=(n, 64, K, 2)]` and `[shape=(n, 64, K, 2, 2)]`.
        """
        value, jacobian = self.detector(image)
        return self.moved(audio, value, jacobian, self.read(pose_box))

    def read(self, pose_box: Tensor) -> Tensor:
        """Moments of boxes `[shape=(n, 64, 256, 256)]`, `[shape=(n, 64, 15)]`."""
        lines = F.avg_pool2d(pose_box, SIZE // COARSE).flatten(2) / _BOX
        moments: Tensor = lines @ self.moments.t() / (lines.sum(2, keepdim=True) + 1)
        return moments

    def moved(
        self, audio: Tensor, value: Tensor, jacobian: Tensor, placed: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Where the keypoints of photos go.

        Args:
            audio: as of `forward`.
            value, jacobian: of the photos, `[shape=(n, K, 2)]` and `[shape=(n, K, 2, 2)]`.
            placed: moments of the boxes, of `read`.
        """
        heard = self.hear((audio.flatten(2) / self.unit).transpose(1, 2))
        where = self.box(placed).transpose(1, 2)
        known = torch.cat([value.flatten(1), jacobian.flatten(1)], dim=1)
        change = self.change(self.time(heard + where + self.photo(known)[:, :, None]))
        count = value.shape[1]
        shift, bend = change.transpose(1, 2).split([2 * count, 4 * count], dim=2)
        return (
            value[:, None] + shift.reshape(-1, WINDOW, count, 2),
            jacobian[:, None] + bend.reshape(-1, WINDOW, count, 2, 2),
        )
