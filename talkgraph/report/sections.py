"""A section per step: what became of it, how its value looks, its parameters and inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from talkgraph.engine.declare.checks import verdict
from talkgraph.engine.declare.description import parameters
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.history.run_records import StepRun
from talkgraph.errors import TalkgraphError
from talkgraph.report.drawing import fold
from talkgraph.report.format import duration, size_text
from talkgraph.report.markup import Html, join, table, tag
from talkgraph.report.overview import anchor, badge, run_drawing, shareable
from talkgraph.report.run_values import RunValues
from talkgraph.report.scores import is_scored
from talkgraph.report.show import shown

PICTURED = 80  # steps; of longer graphs the others are named only

Take = Callable[[Html], Html]


def step_sections(values: RunValues, take: Take, prefix: str = "") -> Iterator[Html]:
    """Sections in the order of the graph, nested graphs as sections of sections."""
    steps = values.run.steps
    pictured = set(list(steps)[:PICTURED])
    view = fold({name: step.sources for name, step in steps.items()}, prefix)
    for name in view.steps:
        if name in view.groups:
            drawing = run_drawing(values.run, fold(_sources(values), f"{name}/"))
            yield tag(
                "section",
                tag("h3", f"{name} (a nested graph of {len(view.groups[name])} steps)"),
                tag("div", drawing, class_="scroll", tabindex="0", role="region", aria_label=name),
                *step_sections(values, take, f"{name}/"),
                id=anchor(name), class_="group",
            )  # fmt: skip
        else:
            yield _step(values, steps[name], take, pictured=name in pictured)


def _sources(values: RunValues) -> dict[str, dict[str, str]]:
    return {name: step.sources for name, step in values.run.steps.items()}


def _step(values: RunValues, step: StepRun, take: Take, *, pictured: bool) -> Html:
    words: list[object] = [badge(step.state), " ", tag("code", f"{step.node} v{step.version}")]
    if step.seconds:
        words.append(f" · {duration(step.seconds)}")
    if step.size is not None:
        words.append(f" · {size_text(step.size)}")
    if step.reason and step.reason not in ("stored", "given", "not needed", "streamed"):
        words.append(f" · why: {step.reason}")
    passed = [verdict(name, wrong) for name, wrong in step.checks.items() if not wrong]
    notes = [tag("li", shareable(values.run, text)) for text in (*step.notes, *passed)]
    heading = tag("h3", step.name, id=f"title-{step.name}")
    back = tag("a", "Back to the graph", href="#graph", class_="back")
    return tag(
        "section", back, heading, tag("p", *words, class_="words"),
        tag("p", shareable(values.run, step.error), class_="error") if step.error else None,
        tag("ul", *notes, class_="notes") if notes else None,
        _look(values, step, take) if pictured else None,
        _details(values, step),
        id=anchor(step.name), class_=f"step {step.state.replace(' ', '-')}",
        aria_labelledby=f"title-{step.name}", tabindex="-1",
    )  # fmt: skip


def _look(values: RunValues, step: StepRun, take: Take) -> Html | None:
    if step.state.unmade:
        return None
    if values.run.outcome == "done" and step.name in values.run.targets:
        place = "#scores" if is_scored(values, step.name) else "#result"
        return tag("p", "Shown at the ", tag("a", "top of the page", href=place), ".")
    try:
        value = values[step.name]
    except TalkgraphError as error:
        return tag("p", f"Nothing to show: {error}.", class_="empty")
    except Exception as error:  # a streamed node of anybody, run once more
        return tag("p", f"It could not be made once more ({error!r:.200}).", class_="empty")
    return take(shown(value, values.scene(step.name), values.node_class(step.name)))


def _details(values: RunValues, step: StepRun) -> Html:
    parts = []
    if step.sources:
        reads = []
        for port, source in step.sources.items():
            name = parse_source(source)[0]
            inside = name in values.run.steps
            reads.append((port, tag("a", source, href=f"#{anchor(name) if inside else 'inputs'}")))
        parts.append(table(reads, ("reads at port", "from")))
    if step.parameters:
        parts.append(table(_parameters(values, step), ("parameter", "value", "what it is")))
    if step.key:
        parts.append(tag("p", "Key ", tag("code", step.key), class_="key"))
    if not parts:
        return tag("p")
    return tag("details", tag("summary", "Inputs and parameters"), join(parts))


def _parameters(values: RunValues, step: StepRun) -> list[tuple[str, str, str]]:
    """Name, value with unit, and the help of the node's own declaration."""
    kind = values.node_class(step.name)
    declared = parameters(kind) if kind is not None and attrs.has(kind) else {}
    rows = []
    for name, text in step.parameters.items():
        one = declared.get(name)
        rows.append((name, f"{text} {one.unit}".rstrip(), one.help) if one else (name, text, ""))
    return rows
