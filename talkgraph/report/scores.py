"""The section of a page that tells how good the result is, where a run has scores."""

from __future__ import annotations

from collections.abc import Iterator

from talkgraph.engine.declare.sources import parse_source
from talkgraph.errors import TalkgraphError
from talkgraph.nodes.evaluate.glossary import FIGURES, names_in, written
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.evaluate.summary import SCORES, Columns, columns_of
from talkgraph.report.markup import Html, table, tag
from talkgraph.report.run_values import RunValues


def scores_of(values: RunValues) -> dict[str, dict[str, Scores]]:
    """What each clip was found to be like: clip ("" for the only one) -> step -> scores."""
    found: dict[str, dict[str, Scores]] = {}
    for name in values.run.steps:
        step, _, clip = name.partition("/")
        if not step.endswith(SCORES):
            continue
        try:
            value = values[name]
        except TalkgraphError:  # it failed, or was not reached
            continue
        if isinstance(value, Scores):
            found.setdefault(clip, {})[step] = value
    return found


def scores_section(values: RunValues) -> Iterator[Html]:
    """A table per clip: figures against columns, such as what is made and what costs nothing."""
    found = scores_of(values)
    if not found:
        return
    parts = []
    for clip, steps in found.items():
        given = values.run.inputs.get(clip)
        title = clip if given is None else given.text.replace("\\", "/").rpartition("/")[2]
        parts.append(tag("h3", title) if clip else None)
        parts.append(scores_table(columns_of(steps)))
    yield tag(
        "section",
        tag("h2", "How near it is to the real one"),
        tag("p", "Two numbers in a cell: frame by frame, and at the lag found on the other half."),
        *parts,
        id="scores",
    )


def scores_table(columns: Columns) -> Html:
    """Figures against columns, each with what it says and what is right."""
    rows = [
        (
            FIGURES[name].label if name in FIGURES else name.replace("_", " "),
            *(written(name, column) for column in columns.values()),
            FIGURES[name].aim if name in FIGURES else "",
            FIGURES[name].help if name in FIGURES else "",
        )
        for name in names_in(list(columns.values()))
    ]
    heads = (name.replace("_", " ") for name in columns)
    return table(rows, ("figure", *heads, "right is", "what it says"))


def is_scored(values: RunValues, target: str) -> bool:
    """Whether a target of the run is shown in `scores_section` already."""
    name, path = parse_source(target)
    return not path and name.partition("/")[0].endswith(SCORES) and name in values.run.steps
