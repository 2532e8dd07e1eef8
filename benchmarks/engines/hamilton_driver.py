"""apache-hamilton with its cache (file results, SQLite metadata), telemetry off.

A chain of 1,000 nodes ends in a RecursionError, so runs are timed on a fan. It does not sync to
disk. Arrays are pickled, its default. The functions come from a written module, as its digests of
code read their source.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

os.environ["HAMILTON_TELEMETRY_ENABLED"] = "false"

import numpy as np
from hamilton import driver
from hamilton.caching.fingerprinting import hash_value
from measure import Figures, checked, hash_speed, seconds, serve

ARRAY = """
import numpy as np
def array(mebibytes: int) -> np.ndarray:
    return np.arange(mebibytes * (1 << 20) // 4, dtype=np.float32)
"""


def chain(size: int) -> str:
    """Each node reads the last one."""
    return "".join(_node(f"s{i}", f"s{i - 1}" if i else "x") for i in range(size))


def fan(size: int) -> str:
    """Each node reads the input."""
    return "".join(_node(f"s{i}", "x") for i in range(size))


def _node(name: str, source: str) -> str:
    return f"def {name}({source}: int) -> int:\n    return {source} + 1\n\n"


def _module(folder: Path, source: str) -> ModuleType:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "functions.py"
    if not path.exists():
        path.write_text(source)
    sys.path.insert(0, str(folder))
    sys.modules.pop("functions", None)
    return importlib.import_module("functions")


def _driver(folder: Path, module: ModuleType) -> driver.Driver:
    return driver.Builder().with_modules(module).with_cache(path=folder / "cache").build()


def build(folder: Path, size: int) -> Figures:
    """Import the functions, from byte code, and make and check both shapes."""
    found: Figures = {}
    for shape, source in (("chain", chain(size)), ("fan", fan(size))):
        _module(folder / shape, source)
        found[shape] = seconds(
            lambda shape=shape, source=source: (
                driver.Builder().with_modules(_module(folder / shape, source)).build()
            )
        )
    return found


def run(folder: Path, size: int) -> Figures:
    """All nodes of a fan."""
    made = _driver(folder, _module(folder, fan(size)))
    names = [f"s{i}" for i in range(size)]

    def work() -> None:
        assert list(made.execute(names, inputs={"x": 0}).values()) == [1] * size

    return {"seconds": seconds(work)}


def array(folder: Path, size: int) -> Figures:
    """One large result, once the process has run something small."""
    made = _driver(folder, _module(folder, ARRAY + fan(1)))
    made.execute(["s0"], inputs={"x": 0})

    def work() -> None:
        found: np.ndarray = made.execute(["array"], inputs={"mebibytes": size})["array"]
        checked(found, size)

    return {"seconds": seconds(work)}


def hash_(folder: Path, size: int) -> Figures:
    """The fingerprint of a value."""
    return hash_speed(hash_value, size)


if __name__ == "__main__":
    serve({"build": build, "run": run, "array": array, "hash": hash_})
