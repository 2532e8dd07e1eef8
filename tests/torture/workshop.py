"""A small graph whose results are of every kind that the store keeps, for those who attack it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from talkgraph import File, Frames, Graph, Node, Store, engine, node, param, value

BIG = 150_000  # numbers: more bytes than the store reads and hashes each time
FRAMES = 70  # three chunks, the last one short


@value("torture_part")
class Part:
    numbers: np.ndarray
    name: str


@value("torture_whole")
class Whole:
    parts: tuple[Part, ...]
    table: dict[str, Any]
    file: File
    frames: Frames


@node("torture_small", version=1)
class Small(Node):
    """A small array."""

    def run(self, seed: int) -> np.ndarray:
        engine.note("made small")
        return np.arange(1, 65, dtype=np.int32) * (seed + 1)


@node("torture_big", version=1)
class Big(Node):
    """An array that is mapped into memory."""

    def run(self, small: np.ndarray) -> np.ndarray:
        return np.resize(small.astype(np.float64), BIG) + np.arange(BIG)


@node("torture_film", version=1)
class Film(Node):
    """Frames in chunks."""

    side: int = param(8, "side", unit="px", ge=1)

    def run(self, small: np.ndarray) -> Frames:
        def read(start: int, stop: int) -> np.ndarray:
            shape = (stop - start, self.side, self.side, 3)
            first = np.arange(start, stop, dtype=np.uint8)[:, None, None, None]
            return np.broadcast_to(first + np.uint8(small[0] + 1), shape).copy()

        return Frames.from_function(FRAMES, (self.side, self.side, 3), read)


@node("torture_written", version=1)
class Written(Node):
    """A file."""

    def run(self, small: np.ndarray) -> File:
        path = engine.scratch_folder() / "made.txt"
        path.write_text(" ".join(map(str, small.tolist())))
        return File(path)


@node("torture_bound", version=1)
class Bound(Node):
    """All of it nested in one value."""

    def run(self, small: np.ndarray, big: np.ndarray, film: Frames, written: File) -> Whole:
        parts = (Part(numbers=small[:5], name="a"), Part(numbers=big[:2000], name="ü"))
        table = {"one": 1, "half": 0.5, "none": None, "list": [b"bytes", (True,), {3, 4}]}
        return Whole(parts=parts, table=table, file=written, frames=film)


@node("torture_sum", version=1)
class Sum(Node):
    """A number that depends on all of it."""

    def run(self, whole: Whole, big: np.ndarray) -> float:
        total = sum(float(part.numbers.sum()) for part in whole.parts)
        total += len(whole.file.path.read_text()) + float(whole.frames.array().sum())
        return total + float(big.sum())


STEPS = ("small", "big", "film", "written", "bound", "sum")


def graph() -> Graph:
    """seed -> small -> big, film, written -> bound -> sum."""
    return Graph(
        "torture",
        inputs={"seed": int},
        steps={
            "small": Small().on(seed="seed"),
            "big": Big().on(small="small"),
            "film": Film().on(small="small"),
            "written": Written().on(small="small"),
            "bound": Bound().on(small="small", big="big", film="film", written="written"),
            "sum": Sum().on(whole="bound", big="big"),
        },
    )


def run(store: Store, seed: int = 0, **options: Any) -> Any:
    """One run of the graph."""
    return graph().run({"seed": seed}, store=store, **options)


def spell(found: Any) -> Any:
    """A value with its whole content, so that two can be compared."""
    if isinstance(found, np.ndarray):
        return (found.dtype.str, found.shape, found.tobytes())
    if isinstance(found, Frames):
        return ("frames", spell(found.array()))
    if isinstance(found, File):
        return ("file", found.path.suffix, found.path.read_bytes())
    if isinstance(found, Part):
        return ("part", spell(found.numbers), found.name)
    if isinstance(found, Whole):
        fields = (found.parts, found.table, found.file, found.frames)
        return ("whole", [spell(field) for field in fields])
    if isinstance(found, dict):
        return {key: spell(item) for key, item in found.items()}
    if isinstance(found, list | tuple):
        return (type(found).__name__, [spell(item) for item in found])
    return found


def unspell(spelled: Any) -> np.ndarray:
    """The array of a spelled one."""
    dtype, shape, data = spelled
    return np.frombuffer(data, dtype).reshape(shape)


def files(folder: Path) -> list[Path]:
    """Every file below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
