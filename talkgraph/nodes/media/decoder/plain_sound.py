"""Uncompressed and FLAC recordings through libsndfile, which reads them whole and exactly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import soundfile

from talkgraph.nodes.media.decoder.channels import Block, finite

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")
MOST_CHANNELS = 2  # where those of more stand, only the other reader tells
FRAMES = 1 << 16  # read at a time


@contextmanager
def plain_sound(path: str) -> Iterator[soundfile.SoundFile | None]:
    """The open recording, or None for what the other reader is to open."""
    # As bytes, a name that is not UTF-8 goes through where names are bytes.
    name = path if os.name == "nt" else os.fsencode(path)
    try:
        file = soundfile.SoundFile(name)
    except soundfile.LibsndfileError:
        yield None
        return
    with file:
        yield file if file.format in FORMATS and file.channels <= MOST_CHANNELS else None


def told_by_header(file: soundfile.SoundFile) -> float | None:
    """Seconds that a FLAC header states; a WAV file's are counted from its own chunks."""
    return file.frames / file.samplerate if file.format == "FLAC" and file.frames > 0 else None


def blocks(file: soundfile.SoundFile, counts: dict[str, int]) -> Iterator[Block]:
    """What the recording holds, up to the first damage."""
    while True:
        try:
            data = file.read(FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            counts["lost"] += 1
            return
        if not len(data):
            return
        counts["packets"] += 1
        yield Block(finite(np.ascontiguousarray(data.T)), file.samplerate, None)
