"""The keypoint detector: where the keypoints of a photo lie, and how the picture is bent there."""

from __future__ import annotations

from torch import Tensor, nn

from talkgraph.models.audio2head.blocks import AntiAlias, Hourglass, keypoints_of


class KeypointDetector(nn.Module):
    """An hourglass on the photo at a quarter of its size."""

    def __init__(self, keypoints: int = 10, base: int = 32, levels: int = 5, most: int = 1024):
        super().__init__()
        self.predictor = Hourglass(3, base, levels, most)
        self.kp = nn.Conv2d(self.predictor.channels, keypoints, 7)
        self.jacobian = nn.Conv2d(self.predictor.channels, 4 * keypoints, 7)
        self.down = AntiAlias(3)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Map RGB in [0, 1] `[shape=(n, 3, 256, 256)]` to values `[shape=(n, K, 2)]` and Jacobians
        `[shape=(n, K, 2, 2)]`."""
        maps = self.predictor(self.down(image))
        return keypoints_of(self.kp(maps), self.jacobian(maps))
