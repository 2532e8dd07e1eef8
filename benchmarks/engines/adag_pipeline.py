"""adag, the nearest in design: typed steps, a key of fields, inputs and code. Needs Python 3.12.

Its results are pydantic models here; how it would store a large array, and hash one, is its user's
choice of a codec, so neither is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adag import InputParam, Pipeline, Step
from measure import Figures, bump, seconds, serve
from pydantic import BaseModel


class Number(BaseModel):
    value: int


@dataclass(frozen=True)
class Start(Step[Number]):
    def run(self, x: int) -> Number:
        return Number(value=bump(x))


@dataclass(frozen=True)
class Bump(Step[Number]):
    def run(self, number: Number) -> Number:
        return Number(value=bump(number.value))


def chain(size: int, folder: Path) -> Pipeline:
    """Each node reads the last one."""
    last = Start()(x=InputParam[int]("x"))
    for _ in range(size - 1):
        last = Bump()(number=last)
    return Pipeline(last, cache_dir=folder)


def build(folder: Path, size: int) -> Figures:
    """A chain alone: a pipeline has one end."""
    taken = seconds(lambda: chain(size, folder))
    return {"chain": taken, "fan": taken}


def run(folder: Path, size: int) -> Figures:
    """All nodes of a chain."""
    pipeline = chain(size, folder)

    def work() -> None:
        assert pipeline.execute(x=0).value == size

    return {"seconds": seconds(work)}


if __name__ == "__main__":
    serve({"build": build, "run": run})
