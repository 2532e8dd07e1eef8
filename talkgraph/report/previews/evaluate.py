"""Scores, as a table of figures with what each says."""

from __future__ import annotations

from collections.abc import Iterator

from talkgraph.display import Scene, preview
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.report.markup import Html
from talkgraph.report.scores import scores_table


@preview(Scores)
def scores(value: Scores, scene: Scene) -> Iterator[Html]:
    """The figures."""
    yield scores_table({"value": value.values})
