"""Damaged recordings and photos, through the nodes and their decoder in a process of its own.

Each file is decoded by a fresh process with the decoder's own limits, forked from one that has the
libraries loaded: what a file does to one process cannot help or harm the next, and no time goes
into starting Python. Everything else is as the nodes do it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from talkgraph.errors import InputError
from talkgraph.nodes.media import ReadPhoto, ReadSpeech, ReadVideo

from .damage import mutate
from .row import Row, Setting
from .shares import shared

MUTANTS = 2000
CUTS = 4096  # bytes of one MP4 up to which every truncation is tried
PATIENCE = 60.0  # s for one file
SHARES = {".mp4": 50, ".wav": 8, ".mp3": 12, ".jpg": 10, ".png": 10, ".m4a": 10}  # percent
READERS = {".mp4": ReadVideo, ".jpg": ReadPhoto, ".png": ReadPhoto}


class Nursery:
    """Forks decoder processes in the place of `subprocess.Popen`."""

    def __init__(self) -> None:
        self.crashed = 0
        import av
        import numpy  # noqa: F401
        from PIL import Image

        from talkgraph.nodes.media.decoder import photo, sound, video  # noqa: F401

        av.logging.set_level(None)
        Image.init()

    def start(
        self, command: list[str], *, cwd: Path, env: dict[str, str], stderr: Any, **_: Any
    ) -> _Child:
        """A child that does what the command would, with its own pipes."""
        assert command[1:] == ["-P", "-m", "talkgraph.nodes.media.decoder"]
        job_out, job_in = os.pipe()
        said_out, said_in = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(job_out, 0)
                os.dup2(said_in, 1)
                os.dup2(stderr.fileno(), 2)
                os.closerange(3, 256)
                os.chdir(cwd)
                os.environ.clear()
                os.environ.update(env)
                sys.stdin = os.fdopen(0)
                faulthandler.disable()
                from talkgraph.nodes.media.decoder.__main__ import main

                code = main()
            finally:
                os._exit(code)
        os.close(job_out)
        os.close(said_in)
        return _Child(self, child, job_in, said_out)


class _Child:
    """As much of a Popen as the decoder's parent uses."""

    def __init__(self, nursery: Nursery, pid: int, job: int, said: int) -> None:
        self.stdin, self.stdout = os.fdopen(job, "wb"), os.fdopen(said, "rb")
        self._nursery, self.pid, self._code = nursery, pid, None

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (timeout if timeout is not None else 1e9)
        while self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG if timeout is not None else 0)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
                crashes = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE)
                self._nursery.crashed += self._code in crashes
            elif time.monotonic() > until:
                raise subprocess.TimeoutExpired("decoder", timeout or 0)
            else:
                time.sleep(0.001)
        return self._code


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """Have the nodes' decoders forked while open."""
    from talkgraph.nodes.media import decode

    class Forked:
        """The module `subprocess`, with another Popen."""

        made = Nursery()
        PIPE, TimeoutExpired, Popen = subprocess.PIPE, subprocess.TimeoutExpired, made.start

    real, decode.subprocess = decode.subprocess, Forked  # type: ignore[attr-defined]
    try:
        yield Forked.made
    finally:
        decode.subprocess = real  # type: ignore[attr-defined]


def seeds(folder: Path) -> dict[str, bytes]:
    """Small files of each kind."""
    import numpy as np
    from PIL import Image

    from tests.nodes.media import made_media as made

    times = [k / 25 for k in range(60)]
    sound = made.chirp(2.4, 16000)
    made.write_video(folder / "a.mp4", times, (64, 48), sound=sound, sound_rate=16000,
                     options={"crf": "35", "preset": "veryfast"}, front=True)  # fmt: skip
    made.write_sound(folder / "a.wav", made.chirp(0.5, 8000), 8000, "pcm_s16le")
    made.write_sound(folder / "a.mp3", made.chirp(0.5, 16000), 16000, "libmp3lame")
    made.write_sound(folder / "a.m4a", made.chirp(0.5, 16000), 16000, "aac")
    picture = Image.fromarray(np.asarray(made.picture(9, 64, 48)))
    for suffix in ("jpg", "png"):
        picture.save(folder / f"a.{suffix}")
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def hostile_media(setting: Setting) -> Iterator[Row]:
    """Mutants of six kinds of files, and every truncation of the first 4 KiB of an MP4."""
    (setting.folder / "seeds").mkdir()
    made = seeds(setting.folder / "seeds")
    total = setting.count(MUTANTS, 8)
    kinds = [suffix for suffix, share in SHARES.items() for _ in range(share)]

    def mutants(folder: Path, cases: Iterable[int]) -> Iterator[str]:
        with nursery() as children:
            for case in cases:
                rng = random.Random(f"{setting.seed} {case}")
                suffix = rng.choice(kinds)
                wrong = outcome(folder / f"a{suffix}", _mutant(made[suffix], rng))
                if wrong:
                    yield f"seed {setting.seed}, case {case} ({suffix}): {wrong}"
            (folder / "crashed").write_text(str(children.crashed))

    violations = shared(setting.folder, total, mutants)
    yield Row(
        f"media mutants ({_crashes(setting.folder)} decoders crashed)", total, total, violations
    )
    lengths = random.Random(setting.seed).sample(range(1, CUTS + 1), setting.count(CUTS, 6))

    def cuts(folder: Path, cases: Iterable[int]) -> Iterator[str]:
        with nursery() as children:
            for case in cases:
                wrong = outcome(folder / "a.mp4", made[".mp4"][: lengths[case]])
                if wrong:
                    yield f"MP4 cut to {lengths[case]} bytes: {wrong}"
            (folder / "crashed").write_text(str(children.crashed))

    violations = shared(setting.folder, len(lengths), cuts)
    name = f"MP4 truncations ({_crashes(setting.folder)} decoders crashed)"
    yield Row(name, len(lengths), CUTS if setting.scale >= 1 else len(lengths), violations)


def outcome(path: Path, data: bytes) -> str:
    """What is wrong with how a file is read: '' for a value or one clear line."""
    path.write_bytes(data)
    began = time.monotonic()
    tempfile.tempdir = str(path.parent)  # where the nodes' scratch folders go outside of a run
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            READERS.get(path.suffix, ReadSpeech)().run(path)
    except InputError as error:
        text = str(error)
        if path.name in text or ";" not in text or "\n" in text:  # the run names the file
            return f"not one clear line: {text!r:.200}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    return f"took {seconds:.0f} s" if seconds > PATIENCE else ""


def _mutant(data: bytes, rng: random.Random) -> bytes:
    """Small changes, or a whole field of extreme value, in the headers half of the time."""
    if rng.random() < 0.7:
        return mutate(data, rng)
    raw = bytearray(data)
    at = rng.randrange(min(len(raw), 2000))
    extreme = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
    raw[at : at + 4] = struct.pack(rng.choice((">I", "<I")), extreme)
    return bytes(raw)


def _crashes(folder: Path) -> int:
    return sum(int(path.read_text()) for path in folder.glob("worker */crashed"))
