"""Made-up heads whose figures are known."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from talkgraph.nodes.evaluate.head.talks import HeadTalk

FPS = 25.0


def swaying(seed: int, count: int = 500, sigma: float = 6.0) -> np.ndarray:
    """Poses that wander like heads: smooth Gaussian noise, degrees and head units."""
    noise = gaussian_filter1d(np.random.default_rng(seed).normal(size=(count, 6)), sigma, axis=0)
    scale = np.array([3, 5, 2, 0.05, 0.04, 0.08])
    return noise / noise.std(0) * scale + [4, -3, 1, 0, -0.9, 1]


def phrased(seed: int, count: int = 500) -> np.ndarray:
    """Where somebody speaks: phrases of 1 to 3 s, pauses of .4 to 1 s; silent at both ends."""
    random = np.random.default_rng(seed)
    active, at = np.zeros(count, bool), 15
    while at < count - 30:
        length = int(random.integers(25, 75))
        active[at : min(at + length, count - 15)] = True
        at += length + int(random.integers(10, 25))
    return active


def talk(seed: int, pose: np.ndarray | None = None, count: int = 500) -> HeadTalk:
    """A head, by default unrelated to what is said."""
    random = np.random.default_rng(seed + 5000)
    active = phrased(seed, count)
    wobble = gaussian_filter1d(random.normal(size=(2, count)), 3, axis=1) * 4
    return HeadTalk(
        pose=swaying(seed, count) if pose is None else pose,
        energy=np.where(active, -5 + wobble[0], -16),
        active=active,
        pitch=np.where(active, wobble[1], 0),
        voiced=active,
        fps=FPS,
    )
