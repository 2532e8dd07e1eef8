"""The result of every evaluation node, and what all of them ask of their input."""

from __future__ import annotations

from talkgraph.cache.values import value
from talkgraph.errors import InputError


@value("scores")
class Scores:
    """Named numbers; each name says the measure, its docstring in this folder the definition."""

    values: dict[str, float]


def same_count(mine: int, theirs: int, name: str) -> int:
    """Return how many frames both have; InputError, which names the node, if they differ."""
    if mine != theirs or not mine:
        raise InputError(f"{name} got {mine} and {theirs} frames; give two sequences of one length")
    return mine
