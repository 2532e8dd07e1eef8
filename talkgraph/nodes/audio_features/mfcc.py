"""Mel-frequency cepstral coefficients, the features of Yi et al. 2020."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param
from talkgraph.nodes.audio_features.framing import Framing, speech_windows
from talkgraph.nodes.values import Speech, SpeechFeatures


@node("mfcc", version=1)
class Mfcc(Node):
    """Mel-frequency cepstral coefficients of the speech (section 3.2).

    The paper names the features only; the figures are those of its public implementation, whose
    count falls one window short of the video: here it is exactly round(fps * seconds).

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.audio_features import Mfcc
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(16000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> Mfcc().run(speech)
        SpeechFeatures(windows=float32[25, 28, 12], fps=25.0)
    """

    fps: float = param(25.0, "video frames per second; one window each", unit="Hz", gt=0)
    window: float = param(0.025, "length of one analysis window", unit="s", gt=0)
    step: float = param(0.010, "distance of two analysis windows", unit="s", gt=0)
    coefficients: int = param(13, "cepstral coefficients computed, the zeroth included", ge=2)
    keep_zeroth: bool = param(
        False, "keep coefficient 0 (log energy); the implementation drops it: loudness is no cue"
    )
    filters: int = param(26, "mel filters under the cepstrum", ge=2)
    fft: int = param(512, "length of the Fourier transform", unit="samples", ge=2)
    pre_emphasis: float = param(0.97, "x[t] - a x[t-1] before the analysis", ge=0, lt=1)
    lifter: int = param(22, "sinusoidal liftering of the cepstrum, 0 for none", ge=0)
    pad: float = param(0.120, "silence in front of the speech, centres the windows", unit="s", ge=0)
    rows: int = param(28, "analysis windows per video frame (280 ms)", ge=1)

    def run(self, speech: Speech | None) -> SpeechFeatures:
        """Return windows `[shape=(round(fps * seconds), rows, coefficients - 1), float32]`.

        There are none for a clip without sound.

        Raises:
            InputError: the speech is shorter than half a video frame.
        """
        import python_speech_features

        def rows(signal: NDArray[np.float64], rate: int) -> NDArray[Any]:
            cepstrum = python_speech_features.mfcc(
                signal,
                rate,
                winlen=self.window,
                winstep=self.step,
                numcep=self.coefficients,
                nfilt=self.filters,
                nfft=self.fft,
                preemph=0.0,  # done already, across the blocks
                ceplifter=self.lifter,
            )
            return np.asarray(cepstrum if self.keep_zeroth else cepstrum[:, 1:])

        framing = Framing(
            window=self.window, step=self.step, pad=self.pad, rows=self.rows, fps=self.fps
        )
        windows = speech_windows(speech, framing, self.pre_emphasis, rows)
        return SpeechFeatures(windows=windows, fps=self.fps)
