"""Made people whose heads sway, each in their own way, while something is said."""

import attrs
import numpy as np

from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import head_translation
from talkgraph.nodes.head_motion.pattern.train.contrastive import EncoderSchedule
from talkgraph.nodes.head_motion.pattern.train.corpus import example_of
from talkgraph.nodes.head_motion.pattern.train.modules import PatternSize
from talkgraph.nodes.head_motion.pattern.train.regression import DecoderSchedule
from talkgraph.nodes.head_motion.pattern.train.train_patterns import PatternTraining
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import Speech

RATE, FPS = 16000, 25.0
PLACE = np.array([0.1, -0.2, 0.05, 0.3, -0.8, -0.5])

SMALL = PatternTraining(
    size=PatternSize(hidden=12, layers=1, code_layers=(16,), heard=8, heard_layers=1, gathered=12,
                     frame_layers=(8,), dropout=0.0),
    encoder=EncoderSchedule(steps=40, people=6, shortest=50, longest=80, rate=0.01),
    decoder=DecoderSchedule(steps=5, batch=4, frames=40),
    folds=2,
)  # fmt: skip


def sway(count, seed, size=0.05):
    """Neck pose about `PLACE`; its size and speed are the person's."""
    random = np.random.default_rng(seed)
    pose = low_pass(random.standard_normal((count, 6)), 1.0, FPS)
    pose = size * (pose - pose.mean(0)) / pose.std(0)
    return PLACE + pose


def person(seconds=8.0, seed=0, size=0.05):
    """A fit of a clip of somebody swaying."""
    fit = synthetic_fit(frames=round(FPS * seconds))
    pose = sway(len(fit.measured), seed, size)
    motion = attrs.evolve(
        fit.motion, rotation=pose[:, :3].astype(np.float32),
        translation=head_translation(pose).astype(np.float32),
    )  # fmt: skip
    return attrs.evolve(fit, motion=motion)


def speech(seconds=8.0, seed=0):
    """A buzz in syllables."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    buzz = np.sin(2 * np.pi * 140 * time) ** 3 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    sound = (0.3 * buzz + 1e-4 * random.standard_normal(len(time))).astype(np.float32)
    return Speech(samples=sound, rate=RATE, soundtrack=sound[:, None], soundtrack_rate=RATE)


def heard(seconds=8.0, seed=0):
    return Mfcc(keep_zeroth=True).run(speech(seconds, seed))


def example(seed, who, size, seconds=8.0):
    sound = speech(seconds, seed)
    return example_of(
        sound, heard(seconds, seed), person(seconds, seed, size), name=f"clip{seed}", person=who
    )


def swaying_people():
    """Six people of two clips each, who sway more or less."""
    return [
        example(10 * clip + who, f"person{who}", 0.01 * 2.0**who)
        for who in range(6)
        for clip in range(2)
    ]
