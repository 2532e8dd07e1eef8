"""What a torture test is given and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

SHORT = 0.002  # scale of `--short`


@attrs.frozen
class Setting:
    """scale: 1 is the full size. seed: of everything random. folder: empty, removed afterwards."""

    folder: Path
    scale: float = 1.0
    seed: int = 0

    def count(self, full: int, least: int = 1) -> int:
        """How many cases to try of `full`."""
        return max(least, round(full * self.scale))


@attrs.frozen
class Row:
    """One line of the table: `done` of `total` cases were tried; a line for each violation."""

    name: str
    done: int
    total: int
    violations: list[str]


Test = Callable[[Setting], Iterator[Row]]
