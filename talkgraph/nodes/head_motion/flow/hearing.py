"""What the flow hears: prosody and features of the speech encoder, per pair of video frames."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.habit.coupling import relative_energy, smooth
from talkgraph.nodes.prosody.prosody import Prosody
from talkgraph.nodes.values import Floats, SpeechFeatures

PROSODY_COLUMNS = 5
_ENERGY_FRAMES = 1.5  # smoothing of loudness and pitch
_SLOPE = 5.0  # frames: a slope then has about the spread of its series


@attrs.frozen(kw_only=True, eq=False)
class Hearing:
    """The network's input of a speech of N pairs of frames.

    prosody: `[shape=(N, 5), float32]`, loudness, its slope, pitch, its slope, voicing; zero mean.
    features: `[shape=(N, bins), float32]`, less the speech's mean.
    """

    prosody: Floats
    features: Floats

    def __len__(self) -> int:
        return len(self.prosody)

    def at(self, pairs: NDArray[np.int64]) -> Hearing:
        """The same speech in another order of its pairs, `[shape=(M,)]`."""
        return Hearing(prosody=self.prosody[pairs], features=self.features[pairs])


def hearing_of(
    prosody: Prosody, features: SpeechFeatures, mean: NDArray[np.floating], prior: float
) -> Hearing:
    """What the flow hears of a speech.

    Args:
        features: as many windows as `prosody` has frames, or fewer: the last is held.
        mean: `[shape=(bins,)]`, of the features over all speech.
        prior: frames' worth of weight of `mean` against the speech's own mean.
    """
    loud = relative_energy(prosody, _ENERGY_FRAMES)
    pitch = smooth(prosody.pitch, _ENERGY_FRAMES)
    columns = np.stack(
        [
            loud,
            _SLOPE * _slope(loud),
            pitch,
            _SLOPE * _slope(pitch),
            np.where(prosody.voiced, 1.0, -1.0),
        ],
        axis=1,
    )
    active = prosody.active if prosody.active.any() else np.ones(len(loud), bool)
    columns -= columns[active].mean(0)
    windows = features.windows[:, features.windows.shape[1] // 2]
    own = len(windows) / (len(windows) + prior)
    centre = own * windows.mean(0, dtype=np.float64) + (1 - own) * mean
    return Hearing(
        prosody=pairs(columns), features=fitted(pairs(windows) - centre.astype(np.float32),
                                                (len(columns) + 1) // 2),
    )  # fmt: skip


def _slope(series: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.gradient(series) if len(series) > 1 else np.zeros(len(series))


def pairs(series: NDArray[np.floating]) -> Floats:
    """Means of pairs along axis 0, `[shape=(ceil(T / 2), ...), float32]`; an odd end is kept."""
    if len(series) % 2:
        series = np.concatenate([series, series[-1:]])
    return np.asarray((series[0::2] + series[1::2]) / 2, np.float32)


def fitted(series: Floats, count: int) -> Floats:
    """`count` rows of `series`: cut, or the last one held."""
    if len(series) >= count:
        return series[:count]
    return np.concatenate([series, np.repeat(series[-1:], count - len(series), axis=0)])
