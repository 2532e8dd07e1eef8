"""The result of every evaluation node."""

from __future__ import annotations

from talkgraph.cache.values import value


@value("scores")
class Scores:
    """Named numbers; each name says the measure, its docstring in this folder the definition."""

    values: dict[str, float]
