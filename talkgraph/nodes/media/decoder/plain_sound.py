"""Uncompressed and FLAC recordings through libsndfile, which reads them whole and exactly."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
import soundfile

from talkgraph.nodes.media.decoder.channels import Block, finite
from talkgraph.nodes.media.decoder.part import Part

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")
MOST_CHANNELS = 2  # where those of more stand, only the other reader tells
FRAMES = 1 << 16  # read at a time
# How such a recording begins: files that were joined hold several, one after another.
_BEGINS = re.compile(rb"RIFF.{4}WAVE(?=fmt |JUNK|bext|LIST)|fLaC\x00\x00\x00\x22", re.DOTALL)


@contextmanager
def plain_sound(path: str) -> Iterator[list[soundfile.SoundFile] | None]:
    """The open recordings of the file, in order, or None for what the other reader is to open."""
    starts = _starts(path)
    with ExitStack() as opened:
        if len(starts) < 2 or starts[0]:
            # As bytes, a name that is not UTF-8 goes through where names are bytes.
            parts: list[Any] = [path if os.name == "nt" else os.fsencode(path)]
        else:
            ends = [*starts[1:], os.path.getsize(path)]
            whole = opened.enter_context(open(path, "rb"))
            parts = [Part(whole, *both) for both in zip(starts, ends, strict=True)]
        files = []
        for part in parts:
            with suppress(soundfile.LibsndfileError):  # no such sound, or nothing but a header
                files.append(opened.enter_context(soundfile.SoundFile(part)))
        yield files if files and _is_plain(files[0]) else None


def _is_plain(file: soundfile.SoundFile) -> bool:
    """Whether it is one to read here: what seems empty may only not have known its length."""
    return file.format in FORMATS and file.channels <= MOST_CHANNELS and file.frames > 0


def _starts(path: str) -> list[int]:
    """Where in the file a recording begins."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [found.start() for found in _BEGINS.finditer(data)]


def told_by_header(files: Sequence[soundfile.SoundFile]) -> float | None:
    """Seconds that a FLAC header states; a WAV file's are counted from its own chunks."""
    if any(file.format != "FLAC" or file.frames <= 0 for file in files):
        return None
    return float(sum(file.frames / file.samplerate for file in files))


def blocks(files: Sequence[soundfile.SoundFile], counts: dict[str, int]) -> Iterator[Block]:
    """What the recordings hold, each up to its first damage."""
    for file in files:
        while True:
            try:
                data = file.read(FRAMES, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                counts["lost"] += 1
                break
            if not len(data):
                break
            counts["packets"] += 1
            if file.channels > MOST_CHANNELS:  # in a part that is not the first
                data = data.mean(axis=1, keepdims=True)
            yield Block(finite(np.ascontiguousarray(data.T)), file.samplerate, None)
