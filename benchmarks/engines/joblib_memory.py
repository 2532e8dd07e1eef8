"""joblib.Memory, arrays memory-mapped. It has no graph to build: a chain is a loop of calls.

One cached function is called once per node, its most favourable case; it does not sync to disk.
"""

from __future__ import annotations

from pathlib import Path

import joblib
from measure import Figures, big_array, bump, checked, hash_speed, seconds, serve


def run(folder: Path, size: int) -> Figures:
    """Call one cached function `size` times, each time with the last result."""
    cached = joblib.Memory(folder, verbose=0).cache(bump)

    def chain() -> None:
        value = 0
        for _ in range(size):
            value = cached(value)
        assert value == size

    return {"seconds": seconds(chain)}


def array(folder: Path, size: int) -> Figures:
    """One large result, once the process has run something small."""
    memory = joblib.Memory(folder, mmap_mode="r", verbose=0)
    memory.cache(bump)(0)
    cached = memory.cache(big_array)
    return {"seconds": seconds(lambda: checked(cached(size), size))}


def hash_(folder: Path, size: int) -> Figures:
    """The digest of an argument."""
    return hash_speed(joblib.hash, size)


if __name__ == "__main__":
    serve({"run": run, "array": array, "hash": hash_})
