"""The velocity network of the flow: gated convolutions over time that see some seconds."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from talkgraph.nodes.head_motion.flow.hearing import PROSODY_COLUMNS

POSE, CODE = 6, 13
_WAVES = 8  # frequencies that tell the flow's time
_LIMIT = 4.0  # of what is heard, in its standard deviations
_CONTEXT = 5  # kernel over what is heard


@attrs.frozen(kw_only=True)
class FlowSize:
    """Size of the network.

    channels: of every block.
    components: of the speech encoder's features that are heard.
    dilations: of the blocks' kernels of three, in pairs of frames.
    dropout: on what is heard.
    """

    channels: int = 64
    components: int = 16
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1, 2, 4, 8, 16)
    dropout: float = 0.5

    @property
    def reach(self) -> int:
        """Pairs of frames that the network looks to either side."""
        return sum(self.dilations) + _CONTEXT - 1


class GatedBlock(nn.Module):
    """A gated residual convolution, scaled and shifted by the flow's time and the code."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.shape = nn.Linear(channels, 2 * channels)
        self.gates = nn.Conv1d(channels, 2 * channels, 3, padding=dilation, dilation=dilation)
        self.out = nn.Conv1d(channels, channels, 1)

    def forward(self, hidden: Tensor, given: Tensor, inside: Tensor) -> Tensor:
        """`hidden (n, channels, N)`; `given (n, channels)`; `inside (n, 1, N)`: 0 in padding."""
        scale, shift = self.shape(given)[..., None].chunk(2, dim=1)
        value, gate = self.gates((hidden * (1 + scale) + shift) * inside).chunk(2, dim=1)
        made: Tensor = hidden + self.out(torch.tanh(value) * torch.sigmoid(gate))
        return made


class VelocityNetwork(nn.Module):
    """Velocity of the flow at one moment, for motion of N pairs of frames."""

    projection: Tensor

    def __init__(self, size: FlowSize, bins: int) -> None:
        super().__init__()
        self.size = size
        channels = size.channels
        columns = PROSODY_COLUMNS + size.components
        self.register_buffer("projection", torch.zeros(bins, size.components))
        self.motion = nn.Conv1d(POSE, channels, 1)
        self.listen = nn.Conv1d(columns, channels, _CONTEXT, padding=_CONTEXT // 2)
        self.understand = nn.Conv1d(channels, channels, _CONTEXT, padding=_CONTEXT // 2)
        self.silence = nn.Parameter(torch.zeros(channels, 1))
        self.given = nn.Sequential(
            nn.Linear(2 * _WAVES + CODE, channels), nn.SiLU(), nn.Linear(channels, channels),
            nn.SiLU(),
        )  # fmt: skip
        self.blocks = nn.ModuleList(GatedBlock(channels, step) for step in size.dilations)
        self.out = nn.Conv1d(channels, POSE, 1)

    def heard(self, prosody: Tensor, features: Tensor) -> Tensor:
        """What is heard, `(n, N, 5 + components)`, limited."""
        return torch.cat([prosody, features @ self.projection], dim=2).clamp(-_LIMIT, _LIMIT)

    def velocity(
        self,
        motion: Tensor,
        time: Tensor,
        heard: Tensor,
        code: Tensor,
        listens: Tensor,
        inside: Tensor | None = None,
    ) -> Tensor:
        """Velocity `(n, N, 6)`.

        Args:
            motion: `(n, N, 6)`, on the way from noise to motion.
            time: `(n,)` in [0, 1].
            heard: `(n, N, columns)`.
            code: `(n, 13)`, standardised.
            listens: `(n,)`, 1 where the speech is heard, 0 where it is not.
            inside: `(n, N)`, 0 in padding; None: there is none.
        """
        seen = torch.ones_like(motion[..., :1]) if inside is None else inside[..., None]
        seen = seen.transpose(1, 2)
        speech = F.gelu(self.listen(heard.transpose(1, 2) * seen))
        speech = self.understand(F.dropout(speech, self.size.dropout, self.training) * seen)
        told = listens[:, None, None]
        hidden = self.motion(motion.transpose(1, 2)) + told * speech + (1 - told) * self.silence
        octaves = 2.0 ** torch.arange(_WAVES, dtype=motion.dtype, device=motion.device)
        phase = torch.pi * time[:, None] * octaves / 4
        given = self.given(torch.cat([phase.sin(), phase.cos(), code], dim=1))
        for block in self.blocks:
            hidden = block(hidden, given, seen)
        made: Tensor = self.out(F.gelu(hidden)).transpose(1, 2)
        return made

    def forward(
        self,
        motion: Tensor,
        time: Tensor,
        prosody: Tensor,
        features: Tensor,
        code: Tensor,
        listens: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Velocity and what was heard: one step of the flow, as it is exported."""
        heard = self.heard(prosody, features)
        return self.velocity(motion, time, heard, code, listens), heard
