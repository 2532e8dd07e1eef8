"""Groups of people, each to be scored by a network that never saw it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np


class OfPerson(Protocol):
    """A clip of a person, as long as it has frames."""

    @property
    def person(self) -> str:
        """Whose it is."""

    def __len__(self) -> int: ...


def person_folds(examples: Iterable[OfPerson], folds: int, seed: int) -> list[set[str]]:
    """Split persons into `folds` groups of about equally many frames."""
    frames: dict[str, int] = {}
    for example in examples:
        frames[example.person] = frames.get(example.person, 0) + len(example)
    order = np.random.default_rng(seed).permutation(sorted(frames))
    groups: list[set[str]] = [set() for _ in range(folds)]
    for person in sorted(order, key=lambda name: -frames[str(name)]):
        smallest = min(groups, key=lambda group: sum(frames[name] for name in group))
        smallest.add(str(person))
    return groups
