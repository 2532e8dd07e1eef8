"""Synthetic speech with exact phone times, to pretrain the mapping where little video is at hand.

Debian's flite speaks prose that comes with Python and prints the end of every phone. Only
training needs the program; nothing of it ships but what the weights learned.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import numpy as np

from talkgraph.errors import InputError
from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.train.corpus import Example
from talkgraph.nodes.pose_mapping.train.visemes import MEASURES, Phone, mouth_of
from talkgraph.nodes.values import Floats, Speech, SpeechFeatures

VOICES = ("slt", "rms", "awb", "kal16")
RATE = 16000
WORDS = (6, 14)  # least and most words of an utterance
STRETCH = (0.85, 1.25)  # slower or faster speaking
PITCH = (0.8, 1.25)  # playing speed: shifts pitch and formants, as another speaker's would be
MOUTH_SPREAD = np.array([0.38, 0.27, 0.30])  # of opening, jaw, width in running speech
NOISE_DB = (20.0, 50.0)  # signal-to-noise ratio


@attrs.frozen(kw_only=True, eq=False)
class Utterance:
    """Spoken text with its phones."""

    voice: str
    speech: Speech
    phones: list[Phone]


def utterances(count: int, folder: Path, seed: int) -> Iterator[Utterance]:
    """Speak `count` random passages with random voices, speeds, pitches and noise.

    Args:
        folder: for the temporary recordings.

    Raises:
        InputError: flite is not installed.
    """
    program = shutil.which("flite")
    if program is None:
        raise InputError(
            "flite is not installed; install it (Debian: apt install flite) or skip it"
        )
    random = np.random.default_rng(seed)
    words = _prose()
    for index in range(count):
        length = int(random.integers(*WORDS, endpoint=True))
        start = int(random.integers(0, len(words) - length))
        voice = VOICES[index % len(VOICES)]
        stretch, pitch = random.uniform(*STRETCH), random.uniform(*PITCH)
        text = " ".join(words[start : start + length]) + "."
        recording = folder / f"utterance_{index}.wav"
        # A fixed program, and words of our own choice.
        done = subprocess.run(  # noqa: S603
            [program, "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}", "-psdur",
             "-t", text, "-o", str(recording)],
            capture_output=True, encoding="utf-8", check=True, timeout=60,
        )  # fmt: skip
        samples = _changed(recording, pitch, random)
        recording.unlink()
        phones = []
        last = 0.0
        for entry in done.stdout.split():
            name, end = entry.rsplit(":", 1)
            phones.append(Phone(name, last, float(end) / pitch))
            last = phones[-1].end
        speech = Speech(
            samples=samples, rate=RATE, soundtrack=samples[:, None], soundtrack_rate=RATE
        )
        yield Utterance(voice=voice, speech=speech, phones=phones)


def synthetic_examples(
    count: int,
    features: Callable[[Speech], SpeechFeatures],
    readout: Readout,
    mouth_std: Floats,
    *,
    folder: Path,
    seed: int,
) -> list[Example]:
    """Training examples from `utterances`: their mouth as the least expression that shows it.

    Args:
        features: `run` of the audio node.
        mouth_std: spread of the readout's measures that the examples are brought to.
    """
    made: list[Example] = []
    for utterance in utterances(count, folder, seed):
        heard = features(utterance.speech)
        times = np.asarray((np.arange(len(heard.windows)) + 0.5) / heard.fps, np.float64)
        mouth = mouth_of(utterance.phones, times) / MOUTH_SPREAD * mouth_std
        made.append(
            Example(
                name=f"synthetic {len(made)}",
                person=utterance.voice,
                features=heard.windows,
                expression=readout.only(*MEASURES).lift(mouth),
                pose=np.zeros((len(times), 6), np.float32),
                measured=np.ones(len(times), bool),
                fps=heard.fps,
            )
        )
    return made


def _prose() -> list[str]:
    from pydoc_data import topics

    prose = " ".join(str(text) for _, text in sorted(topics.topics.items()))
    return re.findall(r"\b[a-z]{1,12}\b", prose)


def _changed(recording: Path, pitch: float, random: np.random.Generator) -> Floats:
    import soundfile

    samples, rate = soundfile.read(recording)
    # Linear interpolation: what it adds near 8 kHz is drowned by the noise below.
    count = int(len(samples) / rate / pitch * RATE)
    samples = np.interp(np.arange(count) * pitch * rate / RATE, np.arange(len(samples)), samples)
    level = np.sqrt((samples**2).mean()) * 10 ** (-random.uniform(*NOISE_DB) / 20)
    return np.asarray(samples + level * random.standard_normal(len(samples)), np.float32)
