"""Another package's graphs and nodes, as an installed plugin would bring them.

Its nodes misbehave on demand: they take long, ignore signals, print, crash, start processes.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Literal

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Graph, Node, node, param
from talkgraph.errors import InputError


@node("studio_test_read", version=1)
class Read(Node):
    """The length of a text."""

    unit: int = param(1, "bytes of a letter", unit="B", ge=1, le=4)

    def run(self, text: Path) -> int:
        length = len(text.read_bytes())
        if length > 1000:
            raise InputError(f"{text}: too long; cut it")
        if length < 5:
            engine.note(f"{text}: is short")
        return length // self.unit


@node("studio_test_work", version=1)
class Work(Node):
    """Work that lasts, and can go wrong in several ways.

    More of it here.
    """

    seconds: float = param(0.0, "how long", unit="s", ge=0, lt=1000)
    mode: str = param("well", "how it behaves", choices=("well", "stubborn", "crash", "fail"))
    sizes: tuple[int, ...] = param((1, 2), "some numbers", ge=0)
    about: str | None = param(None, "any words")
    kind: Literal["a", "b"] | None = param(None, "one of two")
    loud: bool = param(False, "print to standard output")
    quiet: bool = param(False, "tell no progress")
    extra: File | None = param(None, "a file of the user")
    where: Path | None = param(None, "a path of the user")
    odd: tuple[Path, ...] = param((), "paths")

    def run(self, length: int) -> int:
        if self.loud:
            print('{"failed": "a forged message", "report": "/etc/passwd"}', flush=True)
        if self.mode == "crash":
            os.abort()
        if self.mode == "fail":
            raise ZeroDivisionError("nothing left")
        if self.mode == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen(["sleep", "100"])
            (engine.scratch_folder() / "half").write_text("a half-made file")
            Path(os.environ["STUDIO_TEST_TRACE"]).write_text(str(child.pid))
        began = time.monotonic()
        while (passed := time.monotonic() - began) < self.seconds:
            if not self.quiet:
                engine.progress(passed, self.seconds)
            time.sleep(0.05)
        extra = len(self.extra.path.read_bytes()) if self.extra else 0
        return length * 2 + extra


@node("studio_test_write", version=1)
class Write(Node):
    """The number in a file."""

    def run(self, number: int) -> File:
        path = engine.scratch_folder() / "number.txt"
        path.write_text(str(number))
        return File(path)


def graph(quality: Literal["low", "high"] = "low", seconds: int = 0) -> Graph:
    """The `test` graph; it does nothing.

    Args:
        quality: high has one more stage, and
            that is all.
        seconds: of work.
    """
    steps = {
        "length": Read().on(text="text"),
        "work": Work(seconds=float(seconds)).on(length="length"),
    }
    if quality == "high":
        steps["more"] = Work().on(length="work")
    steps["file"] = Write().on(number="more" if quality == "high" else "work")
    return Graph("test", inputs={"text": Path, "times": int | None}, steps=steps, output="file")


def number() -> Graph:
    """A graph that makes no file."""
    return Graph("number", inputs={"text": Path}, steps={"length": Read().on(text="text")})


broken = 5
