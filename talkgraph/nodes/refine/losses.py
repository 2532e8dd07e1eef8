"""The terms of eq. (4), Yi et al. 2020, with what the paper leaves open made definite.

    L = log D(r, g) + log(1 - D(r, o))         `discriminator_loss`, `adversarial_loss`
      + 100  * ||g - o||_1                     `reconstruction_loss`: mean over pixels, channels
      + 2    * ||A||_2                         `attention_norm`: mean over pixels
      + 1e-5 * sum of squared differences of A `attention_roughness`: sum over pixels

Means and sums follow the public implementation, to which the paper's weights belong; its
attention norm is the mean of A, not the Euclidean norm that eq. (4) writes. All terms are means
over the batch. Colours are in [-1, 1], so that an error of 1/255 counts 2/255.
The generator descends -log D(r, o) in place of log(1 - D(r, o)): the same fixed point without
the vanishing gradient (Goodfellow et al. 2014).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SCALES = (1, 2)  # px, of the gradient term


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross entropy of the logits for real and refined frames, mean over patches."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def adversarial_loss(fake: Tensor) -> Tensor:
    """-log D(r, o), mean over patches, from the logits for the refined frames."""
    return F.softplus(-fake).mean()


def reconstruction_loss(refined: Tensor, real: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference; `weight [shape=(B, 1, H, W)]` multiplies it pixel by pixel.

    The weight (1 everywhere, more on mouth and eyes) is an addition to the paper.
    """
    difference = (refined - real).abs()
    return (difference if weight is None else difference * weight).mean()


def gradient_loss(refined: Tensor, real: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference between the differences of neighbouring pixels of the two, along and
    across, summed over `SCALES`; `weight` as in `reconstruction_loss`.

    An addition to the paper: blurred edges, which a colour difference hardly minds, cost here.
    """
    difference = refined - real
    about = torch.ones_like(difference[:, :1]) if weight is None else weight
    loss = difference.new_zeros(())
    for scale in SCALES:
        if scale > 1:
            difference, about = F.avg_pool2d(difference, scale), F.avg_pool2d(about, scale)
        across = (difference[..., 1:] - difference[..., :-1]).abs() * about[..., 1:]
        along = (difference[..., 1:, :] - difference[..., :-1, :]).abs() * about[..., 1:, :]
        loss = loss + across.mean() + along.mean()
    return loss


def feature_loss(refined: list[Tensor], real: list[Tensor]) -> Tensor:
    """Mean absolute difference of the discriminator's features, mean over its hidden layers.

    Feature matching (Wang et al. 2018, pix2pixHD, eq. 4): an addition to the paper. It tells the
    generator *where* its texture differs, and steadies a short training.
    """
    layers = [(a - b).abs().mean() for a, b in zip(refined[:-1], real[:-1], strict=True)]
    return torch.stack(layers).mean()


def attention_norm(attention: Tensor) -> Tensor:
    """Mean of A: keeps the mask from saturating at 1, where nothing would be refined."""
    return attention.mean()


def attention_roughness(attention: Tensor) -> Tensor:
    """Sum of the squared differences to the next row and column, mean over the batch."""
    rows = torch.sum((attention[..., 1:, :] - attention[..., :-1, :]) ** 2)
    columns = torch.sum((attention[..., :, 1:] - attention[..., :, :-1]) ** 2)
    return (rows + columns) / attention.shape[0]
