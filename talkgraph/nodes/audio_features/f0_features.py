"""Node `F0Features`: spectrum and pitch, as Audio2Head hears speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param
from talkgraph.nodes.audio_features.framing import RATE, ROWS_PER_BLOCK, window_count
from talkgraph.nodes.prosody.pitch import track_pitch
from talkgraph.nodes.values import Floats, Speech, SpeechFeatures

Array = NDArray[np.float64]

ROWS = 4  # per video frame
STEP = RATE // 100  # samples: 10 ms
FPS = 100 / ROWS
CEPSTRUM, FILTERS = 13, 26
BINS = CEPSTRUM + FILTERS + 2  # with F0 and voicing
_LENGTH = RATE // 40  # samples of an analysis window: 25 ms
_EMPHASIS = 0.97


@node("f0_features", version=1)
class F0Features(Node):
    """The 41 features of Audio2Head, every 10 ms: four rows for each video frame.

    13 MFCC (the first is the log energy), 26 log mel energies, F0 in Hz, and whether the sound is
    voiced. F0 is carried over unvoiced gaps on a straight line. The published system takes F0 from
    WORLD's harvest, this one from Boersma's autocorrelation.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.audio_features import F0Features
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(16000) * (2 * np.pi * 200 / 16000)).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> windows = F0Features().run(speech).windows
        >>> windows.shape, round(float(windows[12, 0, 39]))  # Hz
        ((25, 4, 41), 200)
    """

    lowest: float = param(71.0, "lowest pitch", unit="Hz", ge=60, le=450)
    highest: float = param(450.0, "highest pitch (published: 800)", unit="Hz", ge=60, le=450)

    def run(self, speech: Speech | None) -> SpeechFeatures:
        """Return windows `[shape=(round(25 * seconds), 4, 41), float32]`, none for no sound.

        Rows beyond the end of the speech are zeros, as published.

        Raises:
            InputError: the speech is shorter than half a video frame.
        """
        if speech is None:
            return SpeechFeatures(windows=np.empty((0, ROWS, BINS), np.float32), fps=FPS)
        count = window_count(speech, FPS)
        found = self.rows(speech.samples)[: ROWS * count]
        rows = np.zeros((ROWS * count, BINS), np.float32)
        rows[: len(found)] = found
        return SpeechFeatures(windows=rows.reshape(count, ROWS, BINS), fps=FPS)

    def rows(self, samples: Floats) -> Floats:
        """The feature rows of 16 kHz `samples [shape=(n,)]`, `[shape=(rows, 41), float32]`."""
        sound = normalised(samples)
        spectrum = spectral_rows(sound)
        times = np.asarray(np.arange(len(spectrum)) * (STEP / RATE), np.float64)
        hertz = track_pitch(sound, RATE, times)
        hertz[(hertz < self.lowest) | (hertz > self.highest)] = 0
        pitch = np.stack([without_gaps(hertz), hertz > 0], axis=1)
        return np.concatenate([spectrum, pitch.astype(np.float32)], axis=1)


def normalised(samples: Floats) -> Array:
    """`samples [shape=(n,)]` less their mean, the largest at 1."""
    sound = samples.astype(np.float64)
    sound -= sound.mean() if len(sound) else 0.0
    loudest = float(np.abs(sound).max(initial=0.0))
    return sound / loudest if loudest > 0 else sound


def spectral_rows(sound: Array) -> Floats:
    """MFCC and log mel energies `[shape=(rows, 39), float32]`, a block at a time."""
    import python_speech_features as psf

    emphasised = np.append(sound[:1], sound[1:] - _EMPHASIS * sound[:-1])
    count = 1 + max(0, -(-(len(sound) - _LENGTH) // STEP))
    blocks = []
    for start in range(0, count, ROWS_PER_BLOCK):
        stop = min(start + ROWS_PER_BLOCK, count)
        part = emphasised[start * STEP : (stop - 1) * STEP + _LENGTH]
        cepstrum = psf.mfcc(part, RATE, preemph=0.0)
        energies = psf.logfbank(part, RATE, preemph=0.0)
        blocks.append(np.concatenate([cepstrum, energies], axis=1).astype(np.float32))
    return np.concatenate(blocks)


def without_gaps(hertz: Array) -> Array:
    """F0 `[shape=(n,)]` with its zeros filled: straight between neighbours, level at the ends."""
    voiced = np.flatnonzero(hertz)
    if not len(voiced):
        return np.zeros(len(hertz))
    return np.interp(np.arange(len(hertz)), voiced, hertz[voiced])
