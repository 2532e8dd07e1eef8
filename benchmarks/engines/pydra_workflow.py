"""pydra with its cache folder and the worker that stays in this process, its quickest.

It does not sync to disk.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["NO_ET"] = "1"  # no call home

import numpy as np
from measure import Figures, checked, hash_speed, seconds, serve
from pydra.compose import python, workflow
from pydra.engine.workflow import Workflow
from pydra.utils.hash import hash_function


@python.define
def Bump(value: int) -> int:
    """Do next to nothing."""
    return value + 1


@python.define
def Big(mebibytes: int) -> np.ndarray:
    """One large array."""
    from measure import big_array  # here: pydra runs the function by its source

    return big_array(mebibytes)


@workflow.define
def Chain(x: int, size: int) -> int:
    """Each node reads the last one."""
    value = x
    for i in range(size):
        value = workflow.add(Bump(value=value), name=f"s{i}").out
    return value


@workflow.define
def Fan(x: int, size: int) -> int:
    """Each node reads the input."""
    for i in range(size):
        value = workflow.add(Bump(value=x), name=f"s{i}").out
    return value


def build(folder: Path, size: int) -> Figures:
    """Make both shapes; it checks the types of edges as they are added."""
    return {
        "chain": seconds(lambda: Workflow.construct(Chain(x=0, size=size))),
        "fan": seconds(lambda: Workflow.construct(Fan(x=0, size=size))),
    }


def run(folder: Path, size: int) -> Figures:
    """All nodes of a chain."""
    task = Chain(x=0, size=size)

    def work() -> None:
        assert task(cache_root=folder, worker="debug").out == size

    return {"seconds": seconds(work)}


def array(folder: Path, size: int) -> Figures:
    """One large result, once the process has run something small."""
    Bump(value=0)(cache_root=folder, worker="debug")
    task = Big(mebibytes=size)
    return {"seconds": seconds(lambda: checked(task(cache_root=folder, worker="debug").out, size))}


def hash_(folder: Path, size: int) -> Figures:
    """The digest of an input."""
    return hash_speed(hash_function, size)


if __name__ == "__main__":
    serve({"build": build, "run": run, "array": array, "hash": hash_})
