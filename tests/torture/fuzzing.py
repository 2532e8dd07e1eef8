"""A fuzzer with memory: what ends in a new way becomes a seed for the inputs that follow.

Each decoder runs in a child process, so that a crash, a hang and runaway memory are seen and the
input that caused them is kept. Everything follows from a seed: input i is the same each time.

A find is reported with its bytes. Put them into ``tests/data/fuzz/<decoder>/`` once it is
mended: the tests decode everything that lies there.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import mmap
import os
import random
import resource
import signal
import struct
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from talkgraph.errors import TalkgraphError

from .damage import mutate

KEPT = Path(__file__).resolve().parents[1] / "data" / "fuzz"
MEMORY = 3 << 30  # bytes that one decoder may take beyond what the process had
HANG = 60  # s for one input
SLOW = 5.0  # s of work for one input that count as a find
LONGEST = 4 << 20  # bytes of one input
CORPUS = 2000  # inputs that are kept as seeds


@attrs.frozen
class Decoder:
    """Something that reads what strangers wrote.

    seeds: makes valid inputs, given an empty folder.   decode: reads one input, given that folder;
    whatever it raises must be a `TalkgraphError` of one line.   change: makes the next input.
    """

    name: str
    seeds: Callable[[Path], list[bytes]]
    decode: Callable[[bytes, Path], None]
    change: Callable[[bytes, random.Random], bytes] = mutate


@attrs.frozen
class Find:
    """An input that was not survived."""

    what: str
    data: bytes

    def save(self, folder: Path) -> Path:
        """Write the input below `folder`, named by its digest."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / hashlib.sha256(self.data).hexdigest()[:12]
        path.write_bytes(self.data)
        return path


def kept(decoder: Decoder) -> list[bytes]:
    """The finds of the past."""
    folder = KEPT / decoder.name
    return [path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file()]


def replay(decoder: Decoder, inputs: Sequence[bytes]) -> list[Find]:
    """Decode given inputs; returns those that were not survived."""
    return _Hunt(decoder, inputs, seed=None).go(len(inputs), float("inf"))[1]


def fuzz(
    decoder: Decoder, *, seconds: float = float("inf"), count: int = 1 << 62, seed: int = 0
) -> tuple[int, list[Find]]:
    """Decode changed inputs for a time or number; returns how many, and the finds."""
    return _Hunt(decoder, (), seed=seed).go(count, seconds)


class _Hunt:
    def __init__(self, decoder: Decoder, inputs: Sequence[bytes], seed: int | None) -> None:
        self._decoder, self._inputs, self._seed = decoder, inputs, seed
        self._board = mmap.mmap(-1, LONGEST + 16)  # what the child is at: index, length, input
        self._finds: dict[str, Find] = {}

    def go(self, count: int, seconds: float) -> tuple[int, list[Find]]:
        ends = time.monotonic() + seconds
        done = 0
        while done < count and time.monotonic() < ends and len(self._finds) < 50:
            done = self._life(done, count, ends)
        return done, list(self._finds.values())

    def _life(self, first: int, count: int, ends: float) -> int:
        """One child, until it is done or dies; returns the index of the next input."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                code = 1
                with os.fdopen(writing, "w", buffering=1) as said:
                    self._work(
                        first, count, ends, lambda *find: said.write(json.dumps(find) + "\n")
                    )
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as said:
            for line in said:
                way, what, data = json.loads(line)
                self._finds.setdefault(way, Find(what, bytes.fromhex(data)))
        _, status = os.waitpid(child, 0)
        index, length = struct.unpack("<QQ", self._board[:16])
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            what = "hangs" if number == signal.SIGALRM else f"ends the process (signal {number})"
            data = self._board[16 : 16 + length]
            self._finds.setdefault(f"{what} {index}", Find(what, data))
        elif os.WEXITSTATUS(status):
            raise RuntimeError(f"the harness of decoder '{self._decoder.name}' failed")
        return int(index) + 1

    def _work(
        self, first: int, count: int, ends: float, say: Callable[[str, str, str], object]
    ) -> None:
        faulthandler.disable()
        _limit_memory()
        stderr = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_memory()) as name:
            folder = Path(name)
            corpus = [
                *self._decoder.seeds(folder),
                *(kept(self._decoder) if self._seed is not None else ()),
            ]
            ways: set[str] = set()
            for index in range(first, count):
                if time.monotonic() > ends:
                    break
                data = self._input(index, corpus)
                self._board[:16] = struct.pack("<QQ", index, len(data))
                self._board[16 : 16 + len(data)] = data
                os.dup2(null, 2)  # libraries complain there about each input
                way, wrong = survive(self._decoder, data, folder)
                os.dup2(stderr, 2)
                if wrong:
                    say(way, wrong, data.hex())
                if way not in ways:
                    ways.add(way)
                    if len(corpus) < CORPUS:
                        corpus.append(data)

    def _input(self, index: int, corpus: list[bytes]) -> bytes:
        if self._seed is None:
            return self._inputs[index]
        rng = random.Random(f"{self._seed} {index}")
        # Half of them start from what was found last: that is where new ground is.
        start = rng.choice(corpus[-20:] if rng.random() < 0.5 else corpus)
        return self._decoder.change(start, rng)[:LONGEST]


def survive(decoder: Decoder, data: bytes, folder: Path) -> tuple[str, str]:
    """Decode one input; returns in which way it ended, and what is wrong with that (or '')."""
    began = time.process_time()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(HANG)
    wrong = ""
    try:
        decoder.decode(data, folder)
        way = "decoded"
    except TalkgraphError as error:
        way = f"{where(error)}"
        if not str(error).strip() or "\n" in str(error):
            wrong = f"{type(error).__name__} of more or less than one line: {str(error)!r:.300}"
    except Exception as error:
        way = f"{type(error).__name__} {where(error)}"
        wrong = f"{type(error).__name__}: {str(error)!r:.200} at {where(error)}"
    finally:
        signal.alarm(0)
    if time.process_time() - began > SLOW:
        wrong = wrong or f"takes {time.process_time() - began:.1f} s"
    return way, wrong


def where(error: BaseException) -> str:
    """The lines that an error, and what caused it, passed through."""
    found: list[str] = []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        found += [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-4:]]
        error = error.__cause__ or error.__context__
    return " ".join(found[:12])


def _memory() -> str | None:
    """A folder in memory where there is one: inputs are many, and a disk has better to do."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    bound = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
