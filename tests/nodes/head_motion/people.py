"""Made people who talk: sound in phrases, and heads that sway."""

import attrs
import numpy as np

from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import Speech, SpeechFeatures

RATE, FPS, BINS = 16000, 25.0, 12


def speech(seconds=4.0, seed=0, pause=(1.5, 2.0)):
    """A buzz in syllables, with a pause."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    phase = np.cumsum(130 + 30 * np.sin(2 * np.pi * 0.7 * time + random.uniform(0, 6))) / RATE
    sound = ((phase % 1) - 0.5) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)) * 0.3
    sound[(time > pause[0]) & (time < pause[1])] *= 1e-4
    sound = (sound + 1e-5 * random.standard_normal(len(time))).astype(np.float32)
    return Speech(samples=sound, rate=RATE, soundtrack=sound[:, None], soundtrack_rate=RATE)


def features(sound, seed=0):
    """As if an encoder had heard it."""
    count = round(FPS * sound.seconds)
    windows = np.random.default_rng(seed).standard_normal((count, 1, BINS))
    return SpeechFeatures(windows=low_pass(windows, 3.0, FPS), fps=FPS)


def person(seconds=4.0, seed=0, size=0.05, place=(0.1, -0.1, 0.05)):
    """A head that sways."""
    count = round(FPS * seconds)
    fit = synthetic_fit(frames=count)
    random = np.random.default_rng(seed)
    angles = low_pass(random.standard_normal((count, 3)), 1.0, FPS)
    places = low_pass(random.standard_normal((count, 3)), 0.5, FPS) * 0.05
    angles = np.asarray(place) + size * angles / angles.std(0)
    motion = attrs.evolve(
        fit.motion,
        rotation=angles.astype(np.float32),
        translation=places.astype(np.float32),
    )
    return attrs.evolve(fit, motion=motion)
