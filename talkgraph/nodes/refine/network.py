"""The generator of section 3.4: a U-Net that is told who is seen, and its output blocks.

Where the paper's own size (8 levels, width 64, from full resolution down) costs minutes per
second of video on a CPU, the default moves the top of the U-Net to half of the resolution: a
space-to-depth stem in front, PixelShuffles behind. The masks still have one value per pixel.

    net                                                          parameters   GMAC at 256 x 256
    Generator()                                                       0.5 M                0.66
    Generator(width=32)                                               1.5 M                2.2
    Generator(width=64, levels=8, normed=True, residual=False)       41.8 M               11.5

The last has the paper's depth.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 3  # frames: t-2, t-1, t (section 3.4)
NEGATIVE_SLOPE = 0.2  # of the encoder's leaky ReLU, as usual in image-to-image U-Nets
CHANGE = 0.1  # of what the head says: Adam's first steps, of all weights at once, stay small
WIDEST = 8  # the channels double per level up to this multiple of the width


class Styled(nn.Module):
    """Gain and offset of each channel come from outside.

    `forward(x [shape=(B, C, H, W)], style [shape=(B, 2C)])`: style holds C gains, as deviation
    from 1, and then C offsets.

    Args:
        normed: the channel has mean 0 and deviation 1 before: AdaIN (Huang and Belongie 2017), the
            paper's. False: it is left as it is (FiLM, Perez et al. 2018), so that a pixel depends
            on those about it alone, and a net that learned from parts of pictures fits whole ones.
    """

    def __init__(self, normed: bool = True) -> None:
        super().__init__()
        self.normed = normed

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return `x` with the style's gain and offset."""
        gain, offset = style[:, :, None, None].chunk(2, dim=1)
        return (F.instance_norm(x) if self.normed else x) * (1 + gain) + offset


class MaskHead(nn.Module):
    """One of the two parallel last convolution blocks, from the stem's cells to single pixels.

    The last convolution works on cells of 2 x 2 px and also sees the newest rendered frame, so
    that the mask knows edges to the pixel and neighbouring cells fit together.
    """

    def __init__(self, channels: int, out: int, stem: int) -> None:
        super().__init__()
        cell = min(stem, 2)
        hidden = 4 * out
        self.coarse = nn.Conv2d(channels, hidden * (stem // cell) ** 2, 3, padding=1)
        self.unfold_coarse = nn.PixelShuffle(stem // cell)
        self.fold = nn.PixelUnshuffle(cell)
        self.fine = nn.Conv2d(hidden + 3 * cell**2, out * cell**2, 3, padding=1)
        self.unfold_fine = nn.PixelShuffle(cell)

    def forward(self, x: Tensor, newest: Tensor) -> Tensor:
        """Return the mask before its activation, `[shape=(B, out, H, W)]`."""
        x = F.leaky_relu(self.unfold_coarse(self.coarse(x)), NEGATIVE_SLOPE)
        mask: Tensor = self.unfold_fine(self.fine(torch.cat([x, self.fold(newest)], dim=1)))
        return mask


class Generator(nn.Module):
    """Colour mask C and attention mask A for the last frame of a window (eq. 3).

    Args:
        width: channels of the top level; they double per level up to 8 x width.
        stem: side in px of the square that the stem folds into channels; 1 for none.
        levels: resolutions of the U-Net; the input's side must be a multiple of
            `stem * 2 ** (levels - 1)`.
        identity_size: length of the identity feature (128 here; ArcFace, the paper's, has 512).
        style_width: hidden units of the MLP that makes the AdaIN parameters.
        frames: frames in the window.
        residual: the colour mask is the newest rendered frame, changed, and A is 0. False: it is
            made from nothing, and A is learned, as in the paper. A residual's mask would close:
            wherever nothing is to change A = 1 is right at once, before the colour mask has learned
            anything, and at 1 neither of them learns any more.
        normed: of `Styled`.
    """

    def __init__(
        self,
        width: int = 16,
        stem: int = 2,
        levels: int = 4,
        identity_size: int = 128,
        style_width: int = 256,
        frames: int = WINDOW,
        residual: bool = True,
        normed: bool = False,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.multiple = stem * 2 ** (levels - 1)
        widths = [min(width * 2**level, width * WIDEST) for level in range(levels)]
        self.unfold = nn.PixelUnshuffle(stem)
        self.stem = nn.Conv2d(3 * frames * stem**2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            # A bias in front of a norm does nothing; the lowest level has no norm.
            nn.Conv2d(fine, coarse, 4, stride=2, padding=1, bias=level == levels - 1)
            for level, (fine, coarse) in enumerate(pairwise(widths), start=1)
        )
        # Every decoder level but the lowest also sees the encoder's output of its resolution.
        self.up = nn.ModuleList(
            nn.Conv2d(
                widths[level] * (1 if level == levels - 1 else 2),
                widths[level - 1],
                3,
                padding=1,
                bias=False,
            )
            for level in range(levels - 1, 0, -1)
        )
        self.styled = Styled(normed)
        # The first and the lowest level have no style: the first keeps absolute colour for the
        # skip connection, the lowest may be a single pixel, whose norm would be zero.
        self.channels = [*widths[1:-1], *[conv.out_channels for conv in self.up]]
        self.style = nn.Sequential(
            nn.Linear(identity_size, style_width),
            nn.ReLU(),
            nn.Linear(style_width, style_width),
            nn.ReLU(),
            nn.Linear(style_width, 2 * sum(self.channels)),
        )
        self.colour = MaskHead(2 * widths[0], 3, stem)
        self.attention = None if residual else MaskHead(2 * widths[0], 1, stem)
        _initialise(self)

    def forward(self, window: Tensor, identity: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two masks.

        Args:
            window: `[shape=(B, 9, H, W), float32]` in [-1, 1]: RGB of frame t-2, t-1, t.
            identity: `[shape=(B, identity_size), float32]`.

        Returns:
            colour `[shape=(B, 3, H, W)]` in [-1, 1], attention `[shape=(B, 1, H, W)]` in [0, 1].
        """
        styles = iter(self.style(identity).split([2 * c for c in self.channels], dim=1))
        x = F.leaky_relu(self.stem(self.unfold(window)), NEGATIVE_SLOPE)
        skips = []
        for level, conv in enumerate(self.down, start=1):
            skips.append(x)
            x = conv(x)
            if level < len(self.down):
                x = self.styled(x, next(styles))
            x = F.leaky_relu(x, NEGATIVE_SLOPE)
        for conv in self.up:
            x = conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            x = F.relu(self.styled(x, next(styles)))
            x = torch.cat([x, skips.pop()], dim=1)
        newest = window[:, -3:]
        colour = self.colour(x, newest)
        if self.attention is None:
            changed = torch.clamp(newest + CHANGE * colour, -1, 1)
            return changed, torch.zeros_like(newest[:, :1])
        return torch.tanh(colour), torch.sigmoid(self.attention(x, newest))


def blend(frame: Tensor, colour: Tensor, attention: Tensor) -> Tensor:
    """Return the refined frame o = A * r + (1 - A) * C of eq. (3); shapes (B, 3 | 3 | 1, H, W)."""
    return attention * frame + (1 - attention) * colour


def _initialise(net: Generator) -> None:
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=NEGATIVE_SLOPE)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    # Whoever is seen, the style changes little at first.
    last = net.style[-1]
    nn.init.normal_(last.weight, std=0.02)  # type: ignore[arg-type]
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    for head in (net.colour, *([] if net.attention is None else [net.attention])):
        _equal_cells(head.coarse, head.unfold_coarse.upscale_factor)
        _equal_cells(head.fine, head.unfold_fine.upscale_factor)
        with torch.no_grad():
            # The rendered frame itself is where a residual starts; without one, near grey.
            head.fine.weight.mul_(0.0 if net.residual else 0.1)


def _equal_cells(conv: nn.Conv2d, factor: int) -> None:
    """Give the pixels of a PixelShuffle's cell equal weights (ICNR, Aitken et al. 2017).

    One that starts from independent weights starts, and often ends, with a chequered picture.
    """
    with torch.no_grad():
        conv.weight.copy_(conv.weight[:: factor**2].repeat_interleave(factor**2, dim=0))
