"""How a loss fell, as one plain text fact of the network that was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FACT = "curve"
_POINTS = 100


def write_curve(losses: Sequence[float]) -> dict[str, str]:
    """The fact: number of steps, then the mean loss of each of at most 100 equal stretches."""
    if not losses:
        return {}
    parts = np.array_split(np.asarray(losses, np.float64), min(_POINTS, len(losses)))
    means = " ".join(f"{part.mean():.4g}" for part in parts)
    return {FACT: f"{len(losses)} {means}"}


def read_curve(facts: Mapping[str, str]) -> tuple[int, NDArray[np.float64]] | None:
    """Steps and mean losses `[shape=(n,)]`; None where there is no such fact."""
    try:
        steps, *means = [float(word) for word in facts.get(FACT, "").split()]
    except ValueError:
        return None
    return (int(steps), np.array(means)) if means else None
