"""Made speech, and the published recipe for its features."""

import numpy as np
import python_speech_features

from talkgraph.nodes.values import Speech

RATE = 16000


def speech(samples) -> Speech:
    samples = np.asarray(samples, np.float32)
    return Speech(samples=samples, rate=RATE, soundtrack=samples[:, None], soundtrack_rate=RATE)


def noise(seconds: float, seed: int = 0) -> Speech:
    return speech(0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)))


def reference_rows(samples, *, bins: int = 0):
    """The published recipe: 1920 zeros at both ends, one call for the whole signal."""
    padded = np.concatenate([np.zeros(1920), samples, np.zeros(8000)])
    if bins:
        return python_speech_features.logfbank(padded, RATE, nfilt=bins)
    return python_speech_features.mfcc(padded, RATE)[:, 1:]
