"""Graphs, plans and results, as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterator

from talkgraph.display import Scene, preview
from talkgraph.engine import Graph, Plan, Result
from talkgraph.report.drawing import drawing_of, fold
from talkgraph.report.markup import Html, table, tag
from talkgraph.report.overview import notes_list, run_drawing, steps_table
from talkgraph.report.run_values import RunValues

_PLANNED = {
    "hit": ("hit", "stored"),
    "run": ("run", "will run"),
    "pending": ("unused", "not decided yet"),
    "streamed": ("streamed", "made on the fly"),
    "given": ("given", "given"),
}


@preview(Graph)
def graph(value: Graph, scene: Scene) -> Iterator[Html]:
    """The drawing."""
    yield tag("p", f"Graph {value.name}, {len(value.steps)} steps, output {value.output}")
    yield tag("div", drawing_of(value), class_="scroll")


@preview(Plan)
def plan(value: Plan, scene: Scene) -> Iterator[Html]:
    """Every step with what would become of it, and why."""
    yield tag("p", str(value).splitlines()[0])
    yield table(
        [(s.name, s.node_id, _PLANNED.get(s.state, ("", s.state))[1], s.reason) for s in value],
        ("step", "node", "state", "why"),
    )


@preview(Result)
def result(value: Result, scene: Scene) -> Iterator[Html]:
    """The drawing with states and times, the notes, and the table of steps."""
    with RunValues.of(value) as values:
        run = values.run
        view = fold({name: step.sources for name, step in run.steps.items()})
        yield tag("p", repr(value))
        yield tag("div", run_drawing(run, view, links=False), class_="scroll")
        notes = notes_list(run, links=False)
        if notes is not None:
            yield notes
        yield steps_table(run, links=False)
