"""Reads a speech recording, or the sound of a video, from a file of the user."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph import engine
from talkgraph.engine import Node, check, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.media.decode import Limits, decode
from talkgraph.nodes.values import Floats, Speech

REMEDY = "give a WAV, FLAC, MP3, M4A or OGG recording, or a video with sound"
SPEECH_RATE = 16000  # Hz
LIMITS = Limits(stall_seconds=300.0)  # the last pass over two hours of sound says nothing
MAPPED_BYTES = 64 << 20  # longer sound stays on disk and is mapped into memory
CUT_SLACK = 0.1  # s that a file may be shorter than its header says
QUIET_DB = -40.0  # loudest 0.1 s; speech is usually recorded at -25 to -10 dB
LOST_LIMIT = 0.05  # part of the packets that may be damaged
FULL_SCALE = 0.99  # sound above it may be clipped
CLIPPED_SHARE = 0.001  # of the samples: a short peak is not heard
_FLAT = 1e-3  # least difference of two samples that are not one flat top
_BLOCK = 1 << 20  # rows at a time


@node("read_speech", version=1)
class ReadSpeech(Node):
    """A recording of 4 to 384 kHz and any number of channels as 16 kHz mono and its soundtrack.

    Errors: InputError for a file that is silent, empty, cut off, too short or long, or no sound.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> import soundfile
        >>> from talkgraph.nodes.media import ReadSpeech
        >>> recording = Path(tempfile.mkdtemp()) / "tone.wav"
        >>> soundfile.write(recording, np.sin(np.arange(44100) / 30), 44100)
        >>> ReadSpeech().run(recording).seconds
        1.0
    """

    min_seconds: float = param(0.2, "shortest speech that is accepted", unit="s", gt=0)
    max_seconds: float = param(7200.0, "longest speech that is accepted", unit="s", gt=0)
    audio_track: int = param(
        0, "which sound track of the file; 0: its default, or the first audible one", ge=0
    )
    silence_db: float = param(
        -60.0, "a recording whose loudest 0.1 s lies below this level counts as silent", unit="dB"
    )

    def run(self, audio: Path) -> Speech:
        """Decode `audio` in a child process."""
        folder = engine.scratch_folder()
        limit = self.max_seconds
        facts = decode(
            "sound",
            audio,
            folder,
            remedy=REMEDY,
            limits=LIMITS,
            max_seconds=limit,
            track=self.audio_track,
        )
        self._check(facts)
        say_track(facts, "sound", "audio_track", self.audio_track)
        if facts["loudest_db"] < QUIET_DB:
            engine.note(
                f"the recording is very quiet (at most {facts['loudest_db']:.0f} dB); lip movement "
                "may be weak: use a louder recording"
            )
        if facts["lost"]:
            engine.note("a few moments of the sound are damaged and were left out")
        return load_speech(facts, folder)

    @check("the sound is not clipped")
    def is_not_clipped(self, speech: Speech) -> str:
        """Flat tops at full scale, which a recording has where it was too loud."""
        flat = 0
        for start in range(0, len(speech.soundtrack), _BLOCK):
            block = speech.soundtrack[start : start + _BLOCK]
            held = np.abs(np.diff(block, axis=0)) < _FLAT
            flat += int((held & (np.abs(block[1:]) > FULL_SCALE)).sum())
        share = flat / max(speech.soundtrack.size, 1)
        if share <= CLIPPED_SHARE:
            return ""
        return f"{share:.1%} of it are at full scale; record it less loud"

    def _check(self, facts: dict[str, Any]) -> None:
        seconds, told = facts["seconds"], facts["told"]
        if facts["longer"]:
            raise InputError(
                f"the recording lasts over {self.max_seconds:g} s; cut it into shorter ones, or "
                "raise `max_seconds`"
            )
        if told is not None and seconds < told - CUT_SLACK:
            of = "" if math.isinf(told) else f" of {told:.1f} s"
            raise InputError(
                f"the recording is cut off, only the first {seconds:.1f} s{of} are there; "
                "copy or export it again"
            )
        if facts["lost"] > LOST_LIMIT * max(facts["packets"], 1):
            raise InputError("the recording is damaged; copy or export it again")
        if seconds < self.min_seconds:
            raise InputError(
                f"the recording holds only {seconds:.2f} s of sound, at least "
                f"{self.min_seconds:g} s are needed; give a longer recording"
            )
        if facts["loudest_db"] < self.silence_db:
            raise InputError(
                f"the recording is silent (nothing above {self.silence_db:g} dB); check it, or "
                "turn it up"
            )


def say_track(facts: dict[str, Any], what: str, parameter: str, wanted: int) -> None:
    """Note which of several tracks is used, where nobody chose."""
    if facts["tracks"] > 1 and not wanted:
        engine.note(
            f"the file holds {facts['tracks']} {what} tracks; number {facts['track']} is used. "
            f"Choose another with `{parameter}=1..{facts['tracks']}`"
        )


def load_speech(facts: dict[str, Any], folder: Path) -> Speech:
    """Make the value from the raw files that the decoder wrote into `folder`.

    Args:
        facts: what `decoder.sound.decode` returned.
        folder: gone from it is what is not mapped.
    """
    rows, channels = int(facts["soundtrack_samples"]), int(facts["channels"])
    samples = _floats(folder / "speech.f32", (int(facts["samples"]),))
    soundtrack = _floats(folder / "soundtrack.f32", (rows, channels))
    return Speech(
        samples=samples,
        rate=SPEECH_RATE,
        soundtrack=soundtrack,
        soundtrack_rate=int(facts["soundtrack_rate"]),
    )


def _floats(path: Path, shape: tuple[int, ...]) -> Floats:
    """Read raw float32; map what is long. The mapping outlives the file's name."""
    if path.stat().st_size != 4 * math.prod(shape):
        raise InputError(f"the sound was not decoded whole; {REMEDY}")
    if path.stat().st_size > MAPPED_BYTES:
        return np.memmap(path, np.float32, "r", shape=shape)
    data = np.fromfile(path, np.float32).reshape(shape)
    path.unlink()
    return data
