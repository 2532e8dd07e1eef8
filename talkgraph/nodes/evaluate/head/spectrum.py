"""How head movement is shared out over frequencies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.evaluate.head.talks import ANGLES

Curves = NDArray[np.float64]

BAND_HZ = (0.35, 4.5)  # slower needs longer clips, faster is noise
WINDOW = 4.0  # s of one spectrum
FLOOR = 1e-9  # deg² / Hz: power that is none


def log_spectral_distance(made: Curves, real: Curves, fps: float) -> float:
    """LSD in dB: root mean square over .35-4.5 Hz of the difference of two spectra in dB.

    Mean over pitch, yaw and roll of Welch's spectra (Hann windows of 4 s or the shorter clip,
    half overlapping).

    Args:
        made, real: `[shape=(T, 3 or 6)]`, degrees; lengths may differ.
    """
    length = min(len(made), len(real), round(WINDOW * fps))
    levels = [_levels(x[:, ANGLES], length, fps) for x in (made, real)]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2, axis=0)).mean())


def _levels(angles: Curves, length: int, fps: float) -> Curves:
    from scipy.signal import welch

    hertz, power = welch(angles, fps, nperseg=length, axis=0)
    within = (hertz >= BAND_HZ[0]) & (hertz <= BAND_HZ[1])
    return np.asarray(10 * np.log10(np.maximum(power[within], FLOOR)))
