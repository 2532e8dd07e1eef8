"""How much faster a head moves where the voice is louder: a trait of the person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.pose import ROTATION
from talkgraph.nodes.prosody.prosody import Prosody

Array = NDArray[np.float64]

SMOOTH_FRAMES = 5.0  # at 25 fps
_STILL = np.radians(0.3)  # rad/s: below it, a head counts as still
_LOUDEST = 4.0  # spreads; silence is no more than very quiet
_FLAT = 0.3  # added to the spread of the energy: noise is not stretched to speech


def smooth(series: NDArray[np.floating], frames: float) -> Array:
    """Gaussian of standard deviation `frames` along axis 0; the end values are held."""
    from scipy.ndimage import gaussian_filter1d

    values = np.asarray(series, np.float64)
    return np.asarray(gaussian_filter1d(values, frames, axis=0, mode="nearest"), np.float64)


def log_speed(pose: NDArray[np.floating], fps: float) -> Array:
    """Logarithm of the head's turning speed in rad/s, `[shape=(T,)]`, of `pose [shape=(T, 6)]`."""
    turning = pose[:, ROTATION]
    if len(turning) < 2:
        return np.full(len(turning), np.log(_STILL))
    speed = np.linalg.norm(np.gradient(turning, axis=0), axis=1) * fps
    return np.asarray(np.log(speed + _STILL), np.float64)


def relative_energy(prosody: Prosody, frames: float) -> Array:
    """Loudness in its own spreads about its mean while somebody speaks, `[shape=(T,)]`."""
    energy = smooth(prosody.energy, frames)
    spoken = energy[prosody.active] if prosody.active.any() else energy
    relative = (energy - spoken.mean()) / (spoken.std() + _FLAT)
    return np.asarray(np.clip(relative, -_LOUDEST, _LOUDEST), np.float64)


def coupling_of(speed: Array, energy: Array) -> float:
    """Slope of log speed on `relative_energy`, both `[shape=(T,)]`; 0 where it cannot be told."""
    count = min(len(speed), len(energy))
    y = smooth(speed[:count], SMOOTH_FRAMES)
    x = energy[:count] - energy[:count].mean()
    power = float(x @ x)
    return float(x @ (y - y.mean()) / power) if power > 1e-9 else 0.0
