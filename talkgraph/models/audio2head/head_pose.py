"""Head pose from what is heard and the photo: a recurrent network that is fed its last motion."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POSE = 6
STATE = 5  # vectors: what is fed back, then h and c of two layers
LOWEST = (-0.639, -0.501, -0.47, -102.6, -32.5, 184.6)
HIGHEST = (0.411, 0.547, 0.433, 159.1, 116.5, 376.5)
"""Of the poses in the published training: rotation vector in rad, translation."""


class _BasicBlock(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        if stride != 1 or inside != outside:
            self.downsample: nn.Module | None = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )
        else:
            self.downsample = None

    def forward(self, x: Tensor) -> Tensor:
        made = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(made + (x if self.downsample is None else self.downsample(x)))


class _ResNet(nn.Module):
    """ResNet of basic blocks (He et al. 2016); 34 layers by default."""

    def __init__(self, channels: int, out: int, base: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, base, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        inside = base
        self.depths = depths
        for stage, depth in enumerate(depths):
            outside = base * 2**stage
            blocks = []
            for block in range(depth):
                blocks.append(_BasicBlock(inside, outside, 2 if stage and not block else 1))
                inside = outside
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inside, out)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in range(len(self.depths)):
            x = getattr(self, f"layer{stage + 1}")(x)
        made: Tensor = self.fc(x.mean((2, 3)))
        return made


class _Embedding(nn.Module):
    def __init__(self, channels: int, out: int, base: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        self.resnet = _ResNet(channels, out, base, depths)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.resnet(x)
        return made


class HeadPose(nn.Module):
    """The recurrent predictor; poses are scaled so that -1 and 1 are the extremes of training."""

    lowest: Tensor
    highest: Tensor

    def __init__(
        self, width: int = 256, base: int = 64, depths: tuple[int, ...] = (3, 4, 6, 3)
    ) -> None:
        super().__init__()
        self.em_audio = _Embedding(1, width, base, depths)
        self.em_img = _Embedding(3, width, base, depths)
        self.lstm = nn.LSTM(2 * width, width, 2, batch_first=True)
        self.output = nn.Linear(width, POSE)
        self.register_buffer("lowest", torch.tensor(LOWEST), persistent=False)
        self.register_buffer("highest", torch.tensor(HIGHEST), persistent=False)

    def forward(
        self, audio: Tensor, image: Tensor, state: Tensor, going_on: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Poses before the first frame and after each.

        Args:
            audio: `[shape=(n, T, 4, 41)]`.
            image: RGB in [0, 1] `[shape=(n, 3, 256, 256)]`.
            state: `[shape=(n, 5, width)]`, as the last frames left it.
            going_on: `[shape=(n, 1)]`, 0 at the beginning, where `state` does not count, else 1.

        Returns:
            `[shape=(n, T + 1, 6)]`, rotation vector (rad) and translation; the new state.
        """
        heard = self.em_audio(audio.flatten(0, 1)[:, None])
        heard = heard.reshape(audio.shape[0], audio.shape[1], -1)  # free lengths stay free
        first = (1 - going_on) * self.em_img(image) + going_on * state[:, 0]
        past = going_on[:, None] * state[:, 1:]
        states = unroll(heard, torch.cat([first[:, None], past], dim=1), self.weights())
        fed_back = torch.cat([first[:, None], states[:, :, 0]], dim=1)
        poses = (self.output(fed_back) + 1) / 2 * (self.highest - self.lowest) + self.lowest
        return poses, states[:, -1]

    def weights(self) -> list[Tensor]:
        """Those of the recurrent layers: input and state matrices, and biases, layer by layer."""
        found = []
        for layer in (0, 1):
            ih, hh, bias_ih, bias_hh = (
                getattr(self.lstm, f"{name}_l{layer}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            found += [ih, hh, bias_ih + bias_hh]
        return found


@torch.jit.script
def _cell(
    x: Tensor, h: Tensor, c: Tensor, ih: Tensor, hh: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    gates = x @ ih.t() + h @ hh.t() + bias
    i, f, g, o = gates.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


@torch.jit.script
def unroll(heard: Tensor, state: Tensor, weights: list[Tensor]) -> Tensor:
    """Feed `heard [shape=(n, T, width)]` and the last output to two layers, frame by frame.

    Scripted, so that the exported network has a loop instead of one copy per frame.

    Returns:
        The state after each frame, `[shape=(n, T, 5, width)]`: what is fed back is the upper h.
    """
    back, h0, h1, c0, c1 = state[:, 0], state[:, 1], state[:, 2], state[:, 3], state[:, 4]
    found: list[Tensor] = []
    for t in range(heard.size(1)):
        x = torch.cat([heard[:, t], back], dim=1)
        h0, c0 = _cell(x, h0, c0, weights[0], weights[1], weights[2])
        h1, c1 = _cell(h0, h1, c1, weights[3], weights[4], weights[5])
        back = h1
        found.append(torch.stack([back, h0, h1, c0, c1], dim=1))
    return torch.stack(found, dim=1)
