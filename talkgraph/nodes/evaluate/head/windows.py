"""Head movement two seconds at a time: is it of the real kind, is it copied?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.talks import ANGLES

Curves = NDArray[np.float64]

SECONDS = 2.0
STEP = 0.4  # s from one window to the next
COMPONENTS = 10
FEWEST = 4 * COMPONENTS  # windows, below which a covariance of ten components is noise
SAME_WITHIN = 1.0  # degrees
TINY = 1e-9


def pooled_frechet(
    made: Sequence[Curves], real: Sequence[Curves], fps: float, components: int = COMPONENTS
) -> float | None:
    """Fréchet distance of the two-second windows of many clips, over the variance of the real ones.

    Each clip is standardised by its own means and spreads, so that only the form of movement
    counts, not its range. Windows go to the first ten principal components of the real ones, where
    both kinds are taken as Gaussian: |m - m'|² + tr(C + C' - 2 (C C')^½), over tr C'. For a single
    clip it is blind; pool.

    Args:
        made, real: `[shape=(T, 6)]` each; one real clip for each made one.

    Returns:
        None for fewer than 40 windows of either kind.
    """
    mine, theirs = (_windows([_standardised(x) for x in clips], fps) for clips in (made, real))
    if min(len(mine), len(theirs)) < FEWEST:
        return None
    centre = theirs.mean(0)
    axes = np.linalg.svd(theirs - centre, full_matrices=False)[2][:components].T
    return frechet((mine - centre) @ axes, (theirs - centre) @ axes)


def frechet(made: Curves, real: Curves) -> float:
    """Fréchet distance of two sets of points `[shape=(N, D)]`, taken as Gaussian, over tr C'."""
    gap = made.mean(0) - real.mean(0)
    one, other = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (made, real))
    # The trace of the square root of a product of two covariances is the sum of the roots of its
    # eigenvalues, which are real and not negative.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(one @ other).real, 0)).sum()
    whole = gap @ gap + np.trace(one) + np.trace(other) - 2 * roots
    return float(max(whole, 0.0) / max(np.trace(other), TINY))


def copied_share(made: Curves, clip: Curves, fps: float) -> float:
    """Share of the made two-second windows that are some window of the clip.

    Copied means that the angles differ by less than 1° in the root mean square; the clip is also
    looked through backwards, as replay goes back and forth.

    Args:
        made, clip: `[shape=(T, 3 or 6)]`, degrees; the clip is what the person was learned from.

    Returns:
        0 where one of them is shorter than a window.
    """
    length = round(SECONDS * fps)
    if min(len(made), len(clip)) < length:
        return 0.0
    every = np.lib.stride_tricks.sliding_window_view(clip[:, ANGLES], length, axis=0)
    flat = every.reshape(len(every), -1)
    known = np.concatenate([flat, every[..., ::-1].reshape(len(every), -1)])
    mine = _windows([made[:, ANGLES]], fps)
    near = [np.sqrt(((known - one) ** 2).mean(1).min()) < SAME_WITHIN for one in mine]
    return float(np.mean(near))


def _standardised(pose: Curves) -> Curves:
    return np.asarray((pose - pose.mean(0)) / np.maximum(pose.std(0), TINY))


def _windows(clips: Sequence[Curves], fps: float) -> Curves:
    """Every window as one row, column by column, `[shape=(N, D * length)]`."""
    length, step = round(SECONDS * fps), max(1, round(STEP * fps))
    rows = [
        np.lib.stride_tricks.sliding_window_view(clip, length, axis=0)[::step].reshape(
            -1, clip.shape[1] * length
        )
        for clip in clips
        if len(clip) >= length
    ]
    return np.concatenate(rows) if rows else np.zeros((0, 1))
