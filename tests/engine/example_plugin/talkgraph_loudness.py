"""How loud a speech is: one node, the value that it makes, and a graph around it."""

from pathlib import Path

import numpy as np

import talkgraph as tg
from talkgraph.nodes.media import ReadSpeech
from talkgraph.nodes.values import Speech


@tg.value("loudness")
class Loudness:
    """Level of a speech at `rate` Hz.

    decibels: `[shape=(n,), float32]`, relative to full scale; silence is `floor`.
    """

    decibels: np.ndarray
    rate: float


@tg.node("loudness", version=1)
class MeasureLoudness(tg.Node):
    """Level of a speech in windows that follow each other."""

    rate: float = tg.param(25.0, "windows per second", unit="Hz", gt=0, le=1000)
    floor: float = tg.param(-80.0, "level of silence", unit="dB", lt=0)

    def run(self, speech: Speech) -> Loudness:
        """Root mean square of each window."""
        size = round(speech.rate / self.rate)
        whole = len(speech.samples) // size * size
        power = (speech.samples[:whole].reshape(-1, size).astype(float) ** 2).mean(axis=1)
        decibels = 10 * np.log10(np.maximum(power, 10 ** (self.floor / 10)))
        return Loudness(decibels=decibels.astype(np.float32), rate=self.rate)


def graph() -> tg.Graph:
    """A recording and its loudness."""
    return tg.Graph(
        "loudness",
        inputs={"audio": Path},
        steps={
            "speech": ReadSpeech().on(audio="audio"),
            "loudness": MeasureLoudness().on(speech="speech"),
        },
    )
