"""What the scripts beside this one share: each measures one engine, in a process of its own.

    python benchmarks/engines/joblib_memory.py run FOLDER 1000

`build`, `run`, `array` and `hash` take a folder and a size and print one JSON object of figures.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Figures = dict[str, float | str]
Measure = Callable[[Path, int], Figures]

MIB = 1 << 20
GB = 1e9


def serve(measures: Mapping[str, Measure]) -> None:
    """Do the one measurement that the command line names and print it."""
    name, folder, size = sys.argv[1:4]
    if name not in measures:
        raise SystemExit("it has nothing to measure")
    print(json.dumps(measures[name](Path(folder), int(size))))


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bump(value: int) -> int:
    """Do next to nothing: the work of every node of the graphs that are timed."""
    return value + 1


def big_array(mebibytes: int) -> NDArray[np.float32]:
    """An array whose content is not all alike."""
    return np.arange(mebibytes * MIB // 4, dtype=np.float32)


def checked(array: NDArray[np.float32], mebibytes: int) -> None:
    """Use the array: both ends of it must be right."""
    assert array.nbytes == mebibytes * MIB
    assert array[0] == 0
    assert array[-1] == np.float32(len(array) - 1)


def hash_speed(digest: Callable[[NDArray[np.float32]], object], mebibytes: int) -> Figures:
    """GB/s of hashing one array as the engine hashes what it keys by; best of three."""
    array = big_array(mebibytes)
    best = min(seconds(lambda: digest(array)) for _ in range(3))
    return {"gb_s": array.nbytes / GB / best}
