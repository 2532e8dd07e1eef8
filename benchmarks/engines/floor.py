"""What disk and memory take by themselves for the bytes that a store holds: no engine is faster.

`write`, `write_nofsync` and `read` take the folder of a store that was just filled.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from measure import GB, Figures, big_array, seconds, serve


def _contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def write(folder: Path, size: int, *, durable: bool = True) -> Figures:
    """Each file under a name of its own, synced, then renamed."""
    contents = _contents(folder)

    def work() -> None:
        for number, content in enumerate(contents):
            with open(f"{scratch}/temporary", "wb") as file:
                file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.rename(f"{scratch}/temporary", f"{scratch}/{number}")

    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        return {"seconds": seconds(work)}


def write_nofsync(folder: Path, size: int) -> Figures:
    """The same, leaving the sync to the operating system."""
    return write(folder, size, durable=False)


def read(folder: Path, size: int) -> Figures:
    """Each file once, as far as possible from the system's own memory of it."""
    _contents(folder)
    return {"seconds": seconds(lambda: _contents(folder))}


def copy(folder: Path, size: int) -> Figures:
    """GB/s of copying an array in memory; best of three."""
    array = big_array(size)
    into = np.zeros_like(array)
    best = min(seconds(lambda: np.copyto(into, array)) for _ in range(3))
    return {"gb_s": array.nbytes / GB / best}


if __name__ == "__main__":
    serve({"write": write, "write_nofsync": write_nofsync, "read": read, "copy": copy})
