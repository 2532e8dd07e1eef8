"""Loudness, pitch and voicing of a speech, one value per video frame."""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.nodes.prosody.pitch import track_pitch
from talkgraph.nodes.values import Bools, Floats, Speech

_FLOOR = 1e-8  # added to the mean square: -80 dB
_ACTIVE = 3.0 * np.log(10.0)  # nats of energy below the loud moments: 30 dB
_LOUD_PERCENTILE = 95.0
_PITCH_SPREAD = 0.05  # least spread of log pitch that counts: a hum is not stretched to a melody


@attrs.frozen(kw_only=True, eq=False)
class Prosody:
    """How a speech sounds in each video frame; all `[shape=(T,)]`.

    energy: natural logarithm of the mean square of the frame's samples.
    active: within 30 dB of the loud moments, so that somebody seems to speak.
    pitch: log F0 in standard deviations about the mean of the voiced frames; 0 where unvoiced.
    voiced: where there is a pitch.
    """

    energy: Floats
    active: Bools
    pitch: Floats
    voiced: Bools


def prosody_of(speech: Speech, count: int, fps: float) -> Prosody:
    """The prosody of `count` frames; beyond the end of the sound there is silence."""
    edges = np.round(np.arange(count + 1) / fps * speech.rate).astype(np.int64)
    samples = np.asarray(speech.samples)
    edges = np.minimum(edges, len(samples))
    lengths = np.diff(edges)
    power = np.zeros(count)
    some = lengths > 0
    if some.any():
        # What is left beyond the last edge belongs to no frame.
        sums = np.add.reduceat(samples[: edges[-1]].astype(np.float64) ** 2, edges[:-1][some])
        power[some] = sums / lengths[some]
    energy = np.log(power + _FLOOR)
    times = np.asarray((np.arange(2 * count) + 0.5) / (2 * fps), np.float64)
    hertz = track_pitch(samples, speech.rate, times)
    pairs = hertz.reshape(count, 2)
    heard = pairs > 0
    voiced = np.asarray(heard.any(1))
    octave = np.where(heard, np.log(np.maximum(pairs, 1.0)), 0.0).sum(1)
    level = octave / np.maximum(heard.sum(1), 1)
    pitch = np.zeros(count)
    if voiced.any():
        spread = max(float(level[voiced].std()), _PITCH_SPREAD)
        pitch[voiced] = (level[voiced] - level[voiced].mean()) / spread
    loud = np.percentile(energy, _LOUD_PERCENTILE) if count else 0.0
    return Prosody(
        energy=energy.astype(np.float32),
        active=np.asarray(energy > loud - _ACTIVE),
        pitch=pitch.astype(np.float32),
        voiced=voiced,
    )
