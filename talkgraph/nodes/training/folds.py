"""Groups of people, each to be scored by a network that never saw it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

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


Of = TypeVar("Of", bound=OfPerson)


def without_first_fold(examples: Sequence[Of], folds: int, seed: int) -> tuple[list[Of], list[Of]]:
    """Those to train on, and those of the first group of people, which are held out.

    With fewer people than `folds` one person is held out.
    """
    people = {one.person for one in examples}
    held = person_folds(examples, min(folds, len(people)), seed)[0]
    return (
        [one for one in examples if one.person not in held],
        [one for one in examples if one.person in held],
    )
