"""Log mel energies: less processed than the cepstrum, and better on little data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param
from talkgraph.nodes.audio_features.framing import Framing, speech_windows
from talkgraph.nodes.values import Speech, SpeechFeatures


@node("log_mel", version=1)
class LogMel(Node):
    """Log energies in mel bands: a swap for `mfcc` (not in the paper).

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.audio_features import LogMel
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(16000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> LogMel().run(speech)
        SpeechFeatures(windows=float32[25, 28, 40], fps=25.0)
    """

    fps: float = param(25.0, "video frames per second; one window each", unit="Hz", gt=0)
    window: float = param(0.025, "length of one analysis window", unit="s", gt=0)
    step: float = param(0.010, "distance of two analysis windows", unit="s", gt=0)
    bins: int = param(40, "mel bands", ge=2)
    fft: int = param(512, "length of the Fourier transform", unit="samples", ge=2)
    pre_emphasis: float = param(0.97, "x[t] - a x[t-1] before the analysis", ge=0, lt=1)
    floor: float = param(
        1e-9, "least energy, so that digital silence is not far below any real silence", gt=0
    )
    pad: float = param(0.120, "silence in front of the speech, centres the windows", unit="s", ge=0)
    rows: int = param(28, "analysis windows per video frame (280 ms)", ge=1)

    def run(self, speech: Speech | None) -> SpeechFeatures:
        """Return windows `[shape=(round(fps * seconds), rows, bins), float32]` of ln(energy).

        There are none for a clip without sound.

        Raises:
            InputError: the speech is shorter than half a video frame.
        """
        import python_speech_features

        def rows(signal: NDArray[np.float64], rate: int) -> NDArray[Any]:
            energies, _ = python_speech_features.fbank(
                signal,
                rate,
                winlen=self.window,
                winstep=self.step,
                nfilt=self.bins,
                nfft=self.fft,
                preemph=0.0,  # done already, across the blocks
            )
            return np.asarray(np.log(np.maximum(energies, self.floor)))

        framing = Framing(
            window=self.window, step=self.step, pad=self.pad, rows=self.rows, fps=self.fps
        )
        windows = speech_windows(speech, framing, self.pre_emphasis, rows)
        return SpeechFeatures(windows=windows, fps=self.fps)
